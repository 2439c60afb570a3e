/** Tokens of chat, mail, payment, monitoring and other services, in the formats that they document. */
import { BOUNDARY, type MaskRule, patternRule, type SecretSpan } from '../rule.ts'
import { looksRandom } from './secret-value.ts'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** How the number of a Discord bot begins in base64: two digits, and the beginning of a third. */
const discordPrefixes = Array.from({ length: 90 }, (_, n) =>
  Buffer.from(`${n + 10}0`)
    .toString('base64')
    .slice(0, 3),
)

/** Not a publishable key, which is public. */
function isMachineMade(text: string, { from, to }: SecretSpan): boolean {
  return (
    looksRandom(text.slice(from, to)) &&
    !/(?:pk|public|pub)_[a-z]{2,7}_$/.test(text.slice(Math.max(0, from - 16), from))
  )
}

/** A pattern whose match counts only where what it masks looks made by a machine. */
function randomRule(id: string, keywords: readonly string[], pattern: string): MaskRule {
  const rule = patternRule(id, keywords, pattern)
  return {
    ...rule,
    find: (text, at, end, pass) => {
      const span = rule.find(text, at, end, pass)
      return span !== undefined && isMachineMade(text, span) ? span : undefined
    },
  }
}

export const serviceRules: readonly MaskRule[] = [
  // Of this program itself.
  patternRule(
    'claude-telemetry-key',
    ['ctk_'],
    String.raw`${BOUNDARY}ctk_[0-9a-f]{16}_[A-Za-z0-9_-]{20,}`,
  ),
  // Chat.
  patternRule(
    'slack-token',
    [
      'xoxb-',
      'xoxp-',
      'xoxa-',
      'xoxr-',
      'xoxs-',
      'xoxe-',
      'xoxe.',
      'xoxc-',
      'xoxd-',
      'xapp-',
      'xwfp-',
    ],
    String.raw`(?:xox[baprsecd][-.]|xapp-|xwfp-)[A-Za-z0-9.%-]{10,}`,
  ),
  patternRule(
    'slack-webhook',
    'hooks.slack.com/',
    String.raw`(hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9+/_-]{20,}`,
  ),
  patternRule(
    'discord-token',
    [...new Set(discordPrefixes)],
    String.raw`${BOUNDARY}[MNO][A-Za-z0-9_-]{21,28}\.[A-Za-z0-9_-]{5,7}\.[A-Za-z0-9_-]{8,}`,
  ),
  patternRule(
    'discord-webhook',
    ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    String.raw`(discord(?:app)?\.com/api/webhooks/\d{5,30}/)[A-Za-z0-9_-]{30,}`,
  ),
  patternRule('telegram-token', ':AA', String.raw`\d{8}:AA[A-Za-z0-9_-]{30,}`, { before: 8 }),
  patternRule(
    'teams-webhook',
    'webhook.office.com/',
    String.raw`(webhook\.office\.com/webhookb2/)[A-Za-z0-9@/_-]{40,}`,
  ),
  // Mail and telephony.
  patternRule('twilio-key', 'SK', String.raw`${BOUNDARY}SK[0-9a-f]{32}(?![0-9a-f])`),
  patternRule(
    'sendgrid-key',
    'SG.',
    String.raw`${BOUNDARY}SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}`,
  ),
  patternRule('mailgun-key', 'key-', String.raw`${BOUNDARY}key-[0-9a-f]{32}(?![0-9a-f])`),
  patternRule('mailgun-key', 'pubkey-', String.raw`${BOUNDARY}pubkey-[0-9a-f]{32}(?![0-9a-f])`),
  patternRule('mailchimp-key', '-us', String.raw`${BOUNDARY}[0-9a-f]{32}-us\d{1,2}`, {
    before: 32,
  }),
  patternRule(
    'brevo-key',
    ['xkeysib-', 'xsmtpsib-'],
    String.raw`x(?:key|smtp)sib-[0-9a-f]{32,}(?:-[A-Za-z0-9]+)?`,
  ),
  patternRule('resend-key', 're_', String.raw`${BOUNDARY}re_[A-Za-z0-9]{8}_[A-Za-z0-9]{16,}`),
  // Payment and trade.
  patternRule(
    'stripe-key',
    ['sk_', 'rk_'],
    String.raw`${BOUNDARY}[sr]k_(?:org_)?(?:live|test|prod)_[A-Za-z0-9_-]{10,}`,
  ),
  patternRule('webhook-secret', 'whsec_', String.raw`whsec_[A-Za-z0-9+/=]{16,}`),
  patternRule(
    'square-token',
    ['sq0csp-', 'sq0atp-', 'sq0idp-'],
    String.raw`sq0(?:csp|atp|idp)-[A-Za-z0-9_-]{16,}`,
  ),
  patternRule('square-token', 'EAAA', String.raw`${BOUNDARY}EAAA[A-Za-z0-9_-]{56,}`),
  patternRule(
    'braintree-token',
    'access_token$',
    String.raw`access_token\$(?:production|sandbox)\$[0-9a-z]{10,24}\$[0-9a-f]{16,}`,
  ),
  patternRule(
    'shopify-token',
    ['shpat_', 'shpca_', 'shppa_', 'shpss_', 'shptka_', 'shpua_', 'shprt_', 'shpit_'],
    String.raw`shp(?:at|ca|pa|ss|tka|ua|rt|it)_[0-9A-Fa-f]{16,}`,
  ),
  patternRule(
    'plaid-token',
    'access-',
    String.raw`${BOUNDARY}access-(?:sandbox|development|production)-${UUID}`,
  ),
  patternRule('razorpay-key', 'rzp_', String.raw`rzp_(?:live|test)_[A-Za-z0-9]{10,}`),
  patternRule('flutterwave-key', 'FLWSECK', String.raw`FLWSECK(?:_TEST)?-[A-Za-z0-9-]{12,}`),
  patternRule('paddle-key', 'pdl_', String.raw`pdl_(?:live|sdbx)_[A-Za-z0-9_]{20,}`),
  patternRule('shippo-token', 'shippo_', String.raw`shippo_(?:live|test)_[0-9a-f]{24,}`),
  patternRule('easypost-key', ['EZAK', 'EZTK'], String.raw`${BOUNDARY}EZ[AT]K[A-Za-z0-9]{40,}`),
  patternRule('duffel-token', 'duffel_', String.raw`duffel_(?:live|test)_[A-Za-z0-9_=-]{24,}`),
  // Monitoring and analytics.
  patternRule('datadog-client-token', 'pub', String.raw`${BOUNDARY}pub[0-9a-f]{32}(?![0-9a-f])`),
  patternRule(
    'datadog-key',
    ['ddapp_', 'ddapi_', 'ddpat_'],
    String.raw`dd(?:app|api|pat)_[A-Za-z0-9_]{20,}`,
  ),
  patternRule(
    'newrelic-key',
    ['NRAK-', 'NRJS-', 'NRII-', 'NRAA-', 'NRSP-', 'NRIQ-', 'NRRA-'],
    String.raw`NR(?:AK|JS|II|AA|SP|IQ|RA)-[A-Za-z0-9_-]{16,}`,
  ),
  patternRule('newrelic-key', ['NRAL', 'nral'], String.raw`[0-9a-zA-Z]{36}(?:NRAL|nral)`, {
    before: 36,
  }),
  patternRule(
    'sentry-token',
    ['sntrys_', 'sntryu_', 'sntryi_'],
    String.raw`sntry[sui]_[A-Za-z0-9+/=_-]{30,}`,
  ),
  patternRule(
    'grafana-token',
    ['glc_', 'glsa_'],
    String.raw`${BOUNDARY}gl(?:c|sa)_[A-Za-z0-9+/=_]{24,}`,
  ),
  patternRule(
    'honeycomb-key',
    ['hcaik_', 'hcbik_', 'hcxik_', 'hcamk_'],
    String.raw`hc[abx][im]k_[A-Za-z0-9]{24,}`,
  ),
  patternRule(
    'dynatrace-token',
    ['dt0c01.', 'dt0s'],
    String.raw`dt0[cs]\d\d\.[A-Z0-9]{8,24}\.[A-Z0-9]{8,}`,
  ),
  patternRule('logfire-token', 'pylf_v', String.raw`pylf_v\d_[a-z]{2,8}_[A-Za-z0-9]{24,}`),
  patternRule(
    'posthog-key',
    ['phx_', 'phs_', 'phr_', 'pha_'],
    String.raw`${BOUNDARY}ph[xsra]_[A-Za-z0-9_-]{24,}`,
  ),
  patternRule('axiom-token', ['xaat-', 'xapt-'], String.raw`xa[ap]t-${UUID}`),
  // Work.
  patternRule('hubspot-token', 'pat-', String.raw`${BOUNDARY}pat-(?:na|eu|ap)\d-${UUID}`),
  patternRule('airtable-token', 'pat', String.raw`${BOUNDARY}pat[A-Za-z0-9]{14}\.[0-9a-f]{30,}`),
  patternRule('notion-token', 'ntn_', String.raw`${BOUNDARY}ntn_[A-Za-z0-9]{24,}`),
  patternRule(
    'notion-token',
    'secret_',
    String.raw`${BOUNDARY}secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])`,
  ),
  patternRule(
    'linear-key',
    ['lin_api_', 'lin_oauth_', 'lin_wh_'],
    String.raw`lin_(?:api|oauth|wh)_[A-Za-z0-9]{24,}`,
  ),
  patternRule(
    'figma-token',
    ['figd_', 'figo_', 'figu_', 'figdr_', 'figor_', 'figur_'],
    String.raw`${BOUNDARY}fig[dou]r?_[A-Za-z0-9_-]{24,}`,
  ),
  patternRule('dropbox-token', 'sl.', String.raw`${BOUNDARY}sl\.(?:u\.)?[A-Za-z0-9_-]{60,}`),
  patternRule('typeform-token', 'tfp_', String.raw`${BOUNDARY}tfp_[A-Za-z0-9_.=-]{30,}`),
  patternRule('contentful-token', 'CFPAT-', String.raw`CFPAT-[A-Za-z0-9_-]{30,}`),
  patternRule('postman-key', 'PMAK-', String.raw`PMAK-[0-9a-f]{24}-[0-9a-f]{17,}`),
  patternRule('readme-key', 'rdme_', String.raw`${BOUNDARY}rdme_[a-z0-9]{40,}`),
  patternRule('facebook-token', 'EAA', String.raw`${BOUNDARY}EAA[A-Z][A-Za-z0-9]{80,}`),
  patternRule(
    'instagram-token',
    ['IGQV', 'IGAA'],
    String.raw`${BOUNDARY}IG(?:QV|AA)[A-Za-z0-9_-]{60,}`,
  ),
  patternRule(
    'twitter-token',
    'AAAAAAAAAAAAAAAAAAAAA',
    String.raw`${BOUNDARY}A{20,24}[A-Za-z0-9%]{60,}`,
  ),
  patternRule(
    'linkedin-secret',
    'WPL_AP',
    String.raw`WPL_AP\d\.[A-Za-z0-9]{12,}(?:\.[A-Za-z0-9+/=]+)?`,
  ),
  patternRule(
    'ifttt-webhook',
    'maker.ifttt.com/',
    String.raw`(maker\.ifttt\.com/[A-Za-z0-9_/-]{0,100}/key/)[A-Za-z0-9_-]{16,}`,
  ),
  patternRule(
    'zapier-webhook',
    'hooks.zapier.com/',
    String.raw`(hooks\.zapier\.com/hooks/catch/)[A-Za-z0-9/]{8,}`,
  ),
  patternRule(
    'google-chat-webhook',
    'chat.googleapis.com/',
    String.raw`(chat\.googleapis\.com/[A-Za-z0-9_/-]{1,200}\?key=)[A-Za-z0-9_%&=-]{20,}`,
  ),
  patternRule(
    'cookie',
    ['connect.sid=', 'PHPSESSID=', 'JSESSIONID='],
    String.raw`((?:connect\.sid|PHPSESSID|JSESSIONID)=)[A-Za-z0-9%._!~-]{16,}`,
  ),
  patternRule(
    'mandrill-key',
    'md-',
    String.raw`${BOUNDARY}md-(?=[A-Za-z_-]{0,20}[0-9])[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])`,
  ),
  patternRule('discord-token', 'mfa.', String.raw`${BOUNDARY}mfa\.[A-Za-z0-9_-]{60,}`),
  patternRule(
    'asana-token',
    ['0/', '1/', '2/'],
    String.raw`${BOUNDARY}[0-2]/\d{12,20}(?:/\d{12,20})?:[0-9a-f]{32}`,
  ),
  patternRule('calcom-key', 'cal_', String.raw`${BOUNDARY}cal_(?:live_|test_)?[0-9a-f]{30,}`),
  patternRule(
    'statsig-key',
    'secret-',
    String.raw`${BOUNDARY}secret-(?:live-|test-)?(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{30,}={0,2}`,
  ),
  patternRule('segment-token', 'sgp_', String.raw`${BOUNDARY}sgp_[A-Za-z0-9]{64}(?![A-Za-z0-9])`),
  patternRule('intercom-token', 'dG9r', String.raw`${BOUNDARY}dG9r[A-Za-z0-9+/]{40,}={0,2}`),
  patternRule(
    'adyen-key',
    'AQE',
    String.raw`${BOUNDARY}AQE[A-Za-z0-9+/=]{60,}-[A-Za-z0-9+/=]{30,}-[!-~]{10,}`,
  ),
  patternRule('onesignal-key', 'os_v2_', String.raw`os_v2_(?:app|org)_[a-z0-9]{40,}`),
  patternRule('postman-key', 'PMAT-', String.raw`PMAT-[A-Z0-9]{20,}`),
  patternRule('sanity-token', 'sk', String.raw`${BOUNDARY}sk[A-Za-z0-9]{140,}`),
  patternRule('frameio-token', 'fio-u-', String.raw`fio-u-[A-Za-z0-9_=-]{40,}`),
  patternRule(
    'telnyx-key',
    'KEY0',
    String.raw`${BOUNDARY}KEY0[0-9A-F]{20,}[0-9A-Z]*(?:_[A-Za-z0-9]+)?`,
  ),
  patternRule('pubnub-key', 'sec-c-', String.raw`sec-c-[A-Za-z0-9+/=-]{24,}`),
  patternRule('inngest-key', 'signkey-', String.raw`(signkey-[a-z]{2,20}-)[0-9a-f]{30,}`),
  patternRule(
    'svix-key',
    'sk_',
    String.raw`${BOUNDARY}sk_(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{24,}\.(?:eu|us|in|ca|au)`,
  ),
  patternRule('clickup-token', 'pk_', String.raw`${BOUNDARY}pk_\d{6,10}_[A-Z0-9]{24,}`),
  patternRule('coinbase-key', '/apiKeys/', String.raw`(/apiKeys/)${UUID}`),
  // Whatever says of itself that it is a live, test or personal key of somebody.
  randomRule(
    'api-key',
    [
      'live',
      'test',
      'prod',
      'sandbox',
      'dev',
      'stg',
      'pat',
      'oat',
      'sk',
      'key',
      'apikey',
      'secret',
    ].map((word) => `_${word}_`),
    String.raw`(_[a-z]{2,7}_)[A-Za-z0-9][A-Za-z0-9-]{19,}`,
  ),
  randomRule(
    'api-key',
    ['live_', 'test_'],
    String.raw`${BOUNDARY}(?<!pk_)((?:live|test)_)[A-Za-z0-9]{28,}(?![A-Za-z0-9_-])`,
  ),
  patternRule(
    'mapbox-token',
    ['sk.eyJ'],
    String.raw`sk\.eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)?`,
  ),
  patternRule('clickhouse-key', '4b1d', String.raw`${BOUNDARY}4b1d[A-Za-z0-9]{38}(?![A-Za-z0-9])`),
]
