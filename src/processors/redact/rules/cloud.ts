/** Keys of cloud providers and hosting, in the formats that they document. */
import { BOUNDARY, type MaskRule, patternRule } from '../rule.ts'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

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
  patternRule('google-api-key', 'AQ.Ab', String.raw`${BOUNDARY}AQ\.Ab[A-Za-z0-9_-]{30,}`),
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
  // Keys that say which service made them (CASK); all end in the mark and six more characters.
  ...(
    [
      ['azure-storage-key', '+ASt', 75],
      ['azure-batch-key', '+ABa', 75],
      ['azure-cosmos-key', 'ACDb', 76],
      ['azure-api-management-key', 'APIM', 76],
      ['azure-search-key', 'AzSe', 42],
      ['azure-container-registry-key', '+ACR', 42],
      ['azure-function-key', 'AzFu', 44],
      ['azure-redis-key', 'AzCa', 33],
      ['azure-iot-key', 'AIoT', 33],
      ['azure-service-bus-key', '+ASb', 33],
      ['azure-event-hub-key', '+AEh', 33],
      ['azure-event-grid-key', 'AZEG', 33],
    ] as const
  ).map(([id, mark, before]) =>
    patternRule(
      id,
      mark,
      String.raw`[A-Za-z0-9/+_-]{${before}}${mark.replace('+', String.raw`\+`)}[A-Za-z0-9/+_-]{4,8}(?![A-Za-z0-9/+_-])={0,2}`,
      { before },
    ),
  ),
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
    ['DO00', 'DO801'],
    String.raw`${BOUNDARY}DO(?:00|801)[A-Z0-9]{15,16}(?![A-Z0-9])`,
  ),
  patternRule('heroku-token', 'HRKU-', String.raw`HRKU-[A-Za-z0-9_-]{30,}`),
  patternRule(
    'fly-token',
    ['fo1_', 'fm1', 'fm2_'],
    String.raw`(?:fo1|fm1[ar]?|fm2)_[A-Za-z0-9+/=_,-]{40,}`,
  ),
  patternRule('render-key', 'rnd_', String.raw`${BOUNDARY}rnd_[A-Za-z0-9]{20,}`),
  patternRule(
    'netlify-token',
    ['nfp_', 'nfc_', 'nfo_', 'nfu_', 'nfb_'],
    String.raw`${BOUNDARY}nf[pcoub]_[A-Za-z0-9_]{30,}`,
  ),
  patternRule(
    'vercel-token',
    ['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'],
    String.raw`${BOUNDARY}vc[piark]_[A-Za-z0-9]{24,}`,
  ),
  patternRule('vercel-token', 'vercel_blob_rw_', String.raw`vercel_blob_rw_[A-Za-z0-9_]{20,}`),
  patternRule(
    'supabase-key',
    ['sbp_', 'sb_secret_'],
    String.raw`(?:sbp_(?:v\d_|oauth_)?[0-9a-f]{30,}|sb_secret_[A-Za-z0-9_-]{20,})`,
  ),
  patternRule(
    'planetscale-token',
    'pscale_',
    String.raw`pscale_(?:tkn|pw|oauth|api)_[A-Za-z0-9=._-]{24,}`,
  ),
  patternRule('neon-key', 'napi_', String.raw`${BOUNDARY}napi_[a-z0-9]{32,}`),
  patternRule('neon-password', 'npg_', String.raw`${BOUNDARY}npg_[A-Za-z0-9]{12,}`),
  patternRule('databricks-token', 'dapi', String.raw`${BOUNDARY}dapi[0-9a-f]{32}(?:-\d)?`),
  patternRule(
    'databricks-token',
    ['dose', 'dkea'],
    String.raw`${BOUNDARY}(?:dose|dkea)[0-9a-f]{32}(?![0-9a-f])`,
  ),
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
  patternRule('launchdarkly-key', ['sdk-', 'api-'], String.raw`${BOUNDARY}(?:sdk|api)-${UUID}`),
  patternRule(
    'bitwarden-token',
    '0.',
    String.raw`${BOUNDARY}0\.${UUID}\.[A-Za-z0-9]{20,}:[A-Za-z0-9+/=]{16,}`,
  ),
  patternRule(
    'infisical-token',
    'st.',
    String.raw`${BOUNDARY}st\.[0-9a-f-]{20,40}\.[0-9a-f]{20,}\.[0-9a-f]{20,}`,
  ),
  patternRule(
    'akamai-token',
    ['akab-', 'akac-'],
    String.raw`${BOUNDARY}aka[bc]-[a-z0-9]{16}-[a-z0-9]{16,}`,
  ),
  patternRule('baidu-key', 'bce-v3/', String.raw`(bce-v3/)[A-Za-z0-9-]{16,}/[0-9a-f]{24,}`),
  patternRule('volcengine-access-key', 'AKLT', String.raw`${BOUNDARY}AKLT[A-Za-z0-9]{30,}`),
  patternRule(
    'yandex-token',
    't1.',
    String.raw`${BOUNDARY}t1\.[A-Z0-9][A-Za-z0-9_-]{60,}={0,2}\.[A-Za-z0-9_-]{60,}={0,2}`,
  ),
  patternRule(
    'yandex-token',
    ['y0_', 'y1_', 'y2_'],
    String.raw`${BOUNDARY}y[0-3]_[A-Za-z0-9_-]{50,}`,
  ),
  patternRule(
    'convex-key',
    ['prod:', 'dev:', 'preview:'],
    String.raw`((?:prod|dev|preview):[a-z0-9-]{4,60}\|)[A-Za-z0-9+/=_-]{30,}`,
  ),
  patternRule('cockroach-key', 'CCDB1_', String.raw`CCDB1_[A-Za-z0-9]{16,}_[A-Za-z0-9]{24,}`),
  patternRule('elastic-key', 'essu_', String.raw`essu_[A-Za-z0-9+/=_-]{24,}`),
  patternRule('confluent-key', 'cflt', String.raw`${BOUNDARY}cflt[A-Za-z0-9+/]{56,}`),
  patternRule(
    'snowflake-token',
    'ver:1-hint:',
    String.raw`ver:1-hint:\d{1,20}-[A-Za-z0-9+/=_-]{40,}`,
  ),
  patternRule('aiven-token', 'aivenv1', String.raw`aivenv1[A-Za-z0-9+/=_-]{40,}`),
  patternRule('ngrok-token', 'ngrok_', String.raw`${BOUNDARY}ngrok_[A-Za-z0-9_]{30,}`),
  patternRule('deno-token', ['ddp_', 'ddo_'], String.raw`${BOUNDARY}dd[po]_[A-Za-z0-9]{30,}`),
  patternRule('daytona-key', 'dtn_', String.raw`${BOUNDARY}dtn_[0-9a-f]{40,}`),
  patternRule('porkbun-key', ['sk1_', 'pk1_'], String.raw`${BOUNDARY}[sp]k1_[0-9a-f]{40,}`),
]
