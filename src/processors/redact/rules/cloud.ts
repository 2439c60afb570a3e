/** Keys of cloud providers and hosting, in the formats that they document. */
import { BOUNDARY, type MaskRule, patternRule } from '../rule.ts'

export const cloudRules: readonly MaskRule[] = [
  // AWS: key ids (IAM identifiers), with the secret key where it stands right behind.
  patternRule(
    'aws-access-key',
    ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    String.raw`${BOUNDARY}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![a-z0-9+])(?:[\s,:;|"'\\/]{1,6}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))?`,
  ),
  patternRule(
    'aws-session-token',
    ['FwoGZXIvYXdz', 'FQoGZXIvYXdz', 'IQoJb3JpZ2lu', 'AQoDYXdz'],
    String.raw`(?:FwoGZXIvYXdz|FQoGZXIvYXdz|IQoJb3JpZ2lu|AQoDYXdz)[A-Za-z0-9/+=%]{30,}`,
  ),
  patternRule('aws-bedrock-key', 'ABSK', String.raw`ABSK[A-Za-z0-9+/=]{40,}`),
  patternRule(
    'aws-bedrock-key',
    'bedrock-api-key-',
    String.raw`bedrock-api-key-[A-Za-z0-9+/=]{20,}`,
  ),
  patternRule('aws-mws-token', 'amzn.mws.', String.raw`amzn\.mws\.[0-9a-f-]{20,}`),
  // Google.
  patternRule('google-api-key', 'AIza', String.raw`AIza[A-Za-z0-9_-]{25,}`),
  patternRule('google-oauth-secret', 'GOCSPX-', String.raw`GOCSPX-[A-Za-z0-9_-]{16,}`),
  patternRule('google-oauth-token', 'ya29.', String.raw`ya29\.[A-Za-z0-9_.-]{20,}`),
  patternRule('google-refresh-token', '1//', String.raw`${BOUNDARY}1//0[A-Za-z0-9_-]{30,}`),
  patternRule('google-hmac-key', 'GOOG1', String.raw`GOOG1[A-Z0-9]{20,}`),
  // Azure.
  patternRule(
    'azure-storage-key',
    ['AccountKey=', 'SharedAccessKey=', 'accountkey=', 'accountKey='],
    String.raw`([A-Za-z]{10,15}=)[A-Za-z0-9+/%=]{20,}`,
  ),
  patternRule('azure-sas-signature', 'sig=', String.raw`(sig=)[A-Za-z0-9%+/=_-]{32,}`),
  patternRule(
    'azure-client-secret',
    'Q~',
    String.raw`[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{24,}`,
    {
      before: 4,
    },
  ),
  patternRule('azure-openai-key', 'JQQJ99', String.raw`[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{10,}`, {
    before: 52,
  }),
  patternRule('azure-devops-token', 'AZDO', String.raw`[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}`, {
    before: 76,
  }),
  patternRule('azure-shared-key', '+ASt', String.raw`[A-Za-z0-9/+]{75}\+ASt[A-Za-z0-9/+=]{5,}`, {
    before: 75,
  }),
  patternRule('azure-cosmos-key', 'ACDb', String.raw`[A-Za-z0-9/+]{76}ACDb[A-Za-z0-9/+=]{4,}`, {
    before: 76,
  }),
  // Others.
  patternRule('alibaba-access-key', 'LTAI', String.raw`${BOUNDARY}LTAI[A-Za-z0-9]{12,}`),
  patternRule('tencent-secret-id', 'AKID', String.raw`${BOUNDARY}AKID[A-Za-z0-9]{28,}`),
  patternRule('yandex-api-key', 'AQVN', String.raw`AQVN[A-Za-z0-9_-]{30,}`),
  patternRule('cloudflare-origin-key', 'v1.0-', String.raw`v1\.0-[0-9a-f]{24}-[0-9a-f]{60,}`),
  patternRule(
    'cloudflare-token',
    ['cfut_', 'cfat_', 'cfk_'],
    String.raw`(?:cfut|cfat|cfk)_[A-Za-z0-9_-]{30,}`,
  ),
  patternRule(
    'digitalocean-token',
    ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    String.raw`do[opr]_v1_[0-9a-f]{32,}`,
  ),
  patternRule(
    'digitalocean-spaces-key',
    'DO00',
    String.raw`${BOUNDARY}DO00[A-Z0-9]{16}(?![A-Z0-9])`,
  ),
  patternRule('heroku-token', 'HRKU-', String.raw`HRKU-[A-Za-z0-9_-]{30,}`),
  patternRule(
    'fly-token',
    ['fo1_', 'fm1', 'fm2_'],
    String.raw`(?:fo1|fm1[ar]?|fm2)_[A-Za-z0-9+/=_,-]{40,}`,
  ),
  patternRule('render-key', 'rnd_', String.raw`${BOUNDARY}rnd_[A-Za-z0-9]{20,}`),
  patternRule('netlify-token', 'nfp_', String.raw`${BOUNDARY}nfp_[A-Za-z0-9_]{30,}`),
  patternRule(
    'vercel-token',
    ['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'],
    String.raw`${BOUNDARY}vc[piark]_[A-Za-z0-9]{24,}`,
  ),
  patternRule(
    'supabase-key',
    ['sbp_', 'sb_secret_'],
    String.raw`(?:sbp_[0-9a-f]{30,}|sb_secret_[A-Za-z0-9_-]{20,})`,
  ),
  patternRule(
    'planetscale-token',
    'pscale_',
    String.raw`pscale_(?:tkn|pw|oauth|api)_[A-Za-z0-9=._-]{24,}`,
  ),
  patternRule('neon-key', 'napi_', String.raw`${BOUNDARY}napi_[a-z0-9]{32,}`),
  patternRule('databricks-token', 'dapi', String.raw`${BOUNDARY}dapi[0-9a-f]{32}(?:-\d)?`),
  patternRule('databricks-token', 'dose', String.raw`${BOUNDARY}dose[0-9a-f]{32}(?![0-9a-f])`),
  patternRule('mongodb-atlas-secret', 'mdb_sa_sk_', String.raw`mdb_sa_sk_[A-Za-z0-9_-]{24,}`),
  patternRule('vault-token', ['hvs.', 'hvb.', 'hvr.'], String.raw`hv[sbr]\.[A-Za-z0-9_-]{20,}`),
  patternRule(
    'terraform-token',
    '.atlasv1.',
    String.raw`[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{30,}`,
    {
      before: 14,
    },
  ),
  patternRule('pulumi-token', 'pul-', String.raw`${BOUNDARY}pul-[0-9a-f]{32,}`),
  patternRule(
    'doppler-token',
    'dp.',
    String.raw`${BOUNDARY}dp\.(?:pt|st|ct|sa|said|scim|audit|svc)\.[A-Za-z0-9._-]{24,}`,
  ),
  patternRule('onepassword-token', 'ops_eyJ', String.raw`ops_eyJ[A-Za-z0-9+/=_-]{40,}`),
  patternRule(
    'onepassword-secret-key',
    'A3-',
    String.raw`${BOUNDARY}A3-[A-Z0-9]{6}-[A-Z0-9]{5,6}(?:-[A-Z0-9]{5}){2,4}`,
  ),
  patternRule('tailscale-key', 'tskey-', String.raw`tskey-[A-Za-z0-9-]{16,}`),
  patternRule('scaleway-access-key', 'SCW', String.raw`${BOUNDARY}SCW[A-Z0-9]{17}(?![A-Z0-9])`),
  patternRule('infracost-key', 'ico-', String.raw`${BOUNDARY}ico-[A-Za-z0-9]{32}`),
  patternRule(
    'launchdarkly-key',
    ['sdk-', 'api-'],
    String.raw`${BOUNDARY}(?:sdk|api)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
  ),
]
