/** What kind of secret a name holds, as masks say it. */
import { secretNameOf } from './secret-name.ts'

/** What the keys of vendors are called in their documents, by the name of the variable. */
const VENDOR_NAMES: readonly (readonly [RegExp, string])[] = [
  [/aws.?secret|secret.?access.?key/i, 'aws-secret-key'],
  [/aws.?session/i, 'aws-session-token'],
  [/aws.?access/i, 'aws-access-key'],
  [/datadog|(?:^|_)dd_/i, 'datadog-key'],
  [/twilio/i, 'twilio-auth-token'],
  [/cloudflare|(?:^|_)cf_/i, 'cloudflare-token'],
  [/heroku/i, 'heroku-token'],
  [/azure|account.?key|shared.?access/i, 'azure-key'],
  [/algolia/i, 'algolia-key'],
  [/mistral/i, 'mistral-key'],
  [/cohere|(?:^|_)co_api/i, 'cohere-key'],
  [/wandb/i, 'wandb-key'],
  [/pagerduty/i, 'pagerduty-key'],
  [/splunk/i, 'splunk-token'],
  [/codecov/i, 'codecov-token'],
  [/firebase|fcm/i, 'firebase-key'],
  [/okta/i, 'okta-token'],
  [/auth0/i, 'auth0-secret'],
  [/jenkins/i, 'jenkins-token'],
  [/vercel/i, 'vercel-token'],
  [/(?:client|user).?key.?data/i, 'kubeconfig-key'],
  [/_authtoken|_auth$/i, 'npm-token'],
  [/django|secret.?key.?base|flask/i, 'session-key'],
  [/jwt/i, 'jwt-secret'],
  [/webhook/i, 'webhook-secret'],
]

/** What kind of secret a name holds. */
export function kindOfName(name: string): string {
  for (const [pattern, id] of VENDOR_NAMES) if (pattern.test(name)) return id
  if (secretNameOf(name).isPassword) return 'password'
  return /token$/i.test(name) ? 'token' : 'secret'
}
