/**
 * Secrets that nobody has, in the formats of their vendors: one generator for each kind that masking
 * knows. `text` is what stands in a record; `secret` is the part of it that must not be found again.
 */

export interface GeneratedSecret {
  /** What it is, for a person. */
  readonly kind: string
  readonly text: string
  readonly secret: string
}

/** From 0 to below 1. */
export type Random = () => number

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const ALNUM = UPPER + LOWER + DIGITS
const HEX = '0123456789abcdef'
const URL_SAFE = `${ALNUM}_-`

/** Letters to draw from, and how to draw. */
function drawing(random: Random) {
  const of = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  const hex = (length: number): string => of(HEX, length)
  return {
    of,
    hex,
    alnum: (length: number) => of(ALNUM, length),
    upper: (length: number) => of(UPPER + DIGITS, length),
    lower: (length: number) => of(LOWER + DIGITS, length),
    url: (length: number) => of(ALNUM, 2) + of(URL_SAFE, length - 4) + of(ALNUM, 2),
    uuid: () => [8, 4, 4, 4, 12].map(hex).join('-'),
    base64: (bytes: number) =>
      Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256))).toString(
        'base64',
      ),
    /** As people are told to make them. */
    password: () => `${of(UPPER, 1)}${of(LOWER, 5)}${of(DIGITS, 3)}${of('!_.~', 1)}${of(LOWER, 4)}`,
  }
}

type Draw = ReturnType<typeof drawing>

/** Tokens that are known by their own shape. */
const tokens: Readonly<Record<string, (d: Draw) => string>> = {
  'AWS access key': (d) => `AKIA${d.of(`${UPPER}234567`, 16)}`,
  'AWS temporary key': (d) => `ASIA${d.of(`${UPPER}234567`, 16)}`,
  'AWS session token': (d) => `IQoJb3JpZ2luX2Vj${d.base64(200)}`,
  'AWS Bedrock key': (d) => `ABSK${d.base64(96)}`,
  'Google API key': (d) => `AIza${d.url(35)}`,
  'Google OAuth secret': (d) => `GOCSPX-${d.url(28)}`,
  'Google OAuth token': (d) => `ya29.a0${d.url(120)}`,
  'Google refresh token': (d) => `1//0${d.url(60)}`,
  'Azure client secret': (d) => `${d.alnum(3)}8Q~${d.url(34)}`,
  'Azure OpenAI key': (d) => `${d.alnum(52)}JQQJ99${d.alnum(26)}`,
  'Azure DevOps token': (d) => `${d.alnum(76)}AZDO${d.alnum(4)}`,
  'Alibaba key': (d) => `LTAI${d.alnum(20)}`,
  'Tencent key': (d) => `AKID${d.alnum(32)}`,
  'Yandex key': (d) => `AQVN${d.url(36)}`,
  'Cloudflare origin key': (d) => `v1.0-${d.hex(24)}-${d.hex(146)}`,
  'DigitalOcean token': (d) => `dop_v1_${d.hex(64)}`,
  'Heroku token': (d) => `HRKU-${d.url(60)}`,
  'Fly token': (d) => `fo1_${d.url(43)}`,
  'Render key': (d) => `rnd_${d.alnum(32)}`,
  'Netlify token': (d) => `nfp_${d.alnum(40)}`,
  'Vercel token': (d) => `vcp_${d.alnum(56)}`,
  'Supabase key': (d) => `sbp_${d.hex(40)}`,
  'Supabase secret': (d) => `sb_secret_${d.url(31)}`,
  'PlanetScale token': (d) => `pscale_tkn_${d.url(43)}`,
  'Neon key': (d) => `napi_${d.lower(64)}`,
  'Databricks token': (d) => `dapi${d.hex(32)}-2`,
  'MongoDB Atlas secret': (d) => `mdb_sa_sk_${d.url(40)}`,
  'Vault token': (d) => `hvs.${d.url(94)}`,
  'Terraform token': (d) => `${d.alnum(14)}.atlasv1.${d.url(64)}`,
  'Pulumi token': (d) => `pul-${d.hex(40)}`,
  'Doppler token': (d) => `dp.pt.${d.alnum(43)}`,
  '1Password token': (d) => `ops_eyJ${d.base64(200)}`,
  'Tailscale key': (d) => `tskey-auth-${d.alnum(12)}-${d.alnum(32)}`,
  'GitHub token': (d) => `ghp_${d.alnum(36)}`,
  'GitHub app token': (d) => `ghs_${d.alnum(36)}`,
  'GitHub fine-grained token': (d) => `github_pat_${d.alnum(22)}_${d.alnum(59)}`,
  'GitLab token': (d) => `glpat-${d.url(20)}`,
  'GitLab runner token': (d) => `glrt-${d.url(20)}`,
  'Bitbucket token': (d) => `ATBB${d.alnum(32)}`,
  'Atlassian token': (d) => `ATATT3xFfGF0${d.url(170)}=${d.upper(8)}`,
  'Sourcegraph token': (d) => `sgp_${d.hex(40)}`,
  'CircleCI token': (d) => `CCIPAT_${d.alnum(22)}_${d.hex(40)}`,
  'Buildkite token': (d) => `bkua_${d.hex(40)}`,
  'npm token': (d) => `npm_${d.alnum(36)}`,
  'PyPI token': (d) => `pypi-AgEIcHlwaS5vcmc${d.url(120)}`,
  'RubyGems key': (d) => `rubygems_${d.hex(48)}`,
  'crates.io token': (d) => `cio${d.alnum(32)}`,
  'NuGet key': (d) => `oy2${d.lower(43)}`,
  'Docker token': (d) => `dckr_pat_${d.url(27)}`,
  'Artifactory token': (d) => `AKCp${d.alnum(69)}`,
  'Clojars token': (d) => `CLOJARS_${d.lower(60)}`,
  'Sonar token': (d) => `squ_${d.hex(40)}`,
  'OpenAI project key': (d) => `sk-proj-${d.url(120)}`,
  'OpenAI key': (d) => `sk-${d.alnum(20)}T3BlbkFJ${d.alnum(20)}`,
  'Anthropic key': (d) => `sk-ant-api03-${d.url(93)}AA`,
  'Anthropic OAuth token': (d) => `sk-ant-oat01-${d.url(93)}AA`,
  'OpenRouter key': (d) => `sk-or-v1-${d.hex(64)}`,
  'DeepSeek key': (d) => `sk-${d.hex(32)}`,
  'Langfuse key': (d) => `sk-lf-${d.uuid()}`,
  'Hugging Face token': (d) => `hf_${d.of(UPPER + LOWER, 34)}`,
  'Replicate token': (d) => `r8_${d.alnum(37)}`,
  'Groq key': (d) => `gsk_${d.alnum(52)}`,
  'xAI key': (d) => `xai-${d.alnum(80)}`,
  'Perplexity key': (d) => `pplx-${d.alnum(48)}`,
  'Together key': (d) => `tgp_v1_${d.url(43)}`,
  'Pinecone key': (d) => `pcsk_${d.alnum(70)}`,
  'LangSmith key': (d) => `lsv2_pt_${d.hex(32)}_${d.hex(10)}`,
  'ElevenLabs key': (d) => `sk_${d.hex(48)}`,
  'NVIDIA key': (d) => `nvapi-${d.url(64)}`,
  'Tavily key': (d) => `tvly-dev-${d.alnum(32)}`,
  'E2B key': (d) => `e2b_${d.hex(40)}`,
  'Slack bot token': (d) => `xoxb-${d.of(DIGITS, 12)}-${d.of(DIGITS, 12)}-${d.alnum(24)}`,
  'Slack app token': (d) => `xapp-1-A${d.upper(10)}-${d.of(DIGITS, 13)}-${d.hex(64)}`,
  'Discord token': (d) =>
    `${Buffer.from(`1${d.of(DIGITS, 18)}`)
      .toString('base64')
      .replaceAll('=', '')}.G${d.alnum(5)}.${d.url(38)}`,
  'Telegram token': (d) => `${d.of('123456789', 1)}${d.of(DIGITS, 9)}:AA${d.url(33)}`,
  'Twilio key': (d) => `SK${d.hex(32)}`,
  'SendGrid key': (d) => `SG.${d.url(22)}.${d.url(43)}`,
  'Mailgun key': (d) => `key-${d.hex(32)}`,
  'Mailchimp key': (d) => `${d.hex(32)}-us12`,
  'Brevo key': (d) => `xkeysib-${d.hex(64)}-${d.alnum(16)}`,
  'Resend key': (d) => `re_${d.alnum(8)}_${d.alnum(24)}`,
  'Stripe key': (d) => `sk_live_${d.alnum(24)}`,
  'Stripe restricted key': (d) => `rk_live_${d.alnum(99)}`,
  'webhook secret': (d) => `whsec_${d.alnum(32)}`,
  'Square token': (d) => `sq0atp-${d.url(22)}`,
  'Shopify token': (d) => `shpat_${d.hex(32)}`,
  'Plaid token': (d) => `access-production-${d.uuid()}`,
  'Razorpay key': (d) => `rzp_live_${d.alnum(14)}`,
  'Flutterwave key': (d) => `FLWSECK-${d.hex(32)}-X`,
  'Shippo token': (d) => `shippo_live_${d.hex(40)}`,
  'EasyPost key': (d) => `EZAK${d.alnum(54)}`,
  'Datadog client token': (d) => `pub${d.hex(32)}`,
  'New Relic key': (d) => `NRAK-${d.upper(27)}`,
  'New Relic license key': (d) => `${d.hex(36)}NRAL`,
  'Sentry token': (d) => `sntryu_${d.hex(64)}`,
  'Grafana token': (d) => `glsa_${d.alnum(32)}_${d.hex(8)}`,
  'Honeycomb key': (d) => `hcaik_${d.lower(58)}`,
  'Dynatrace token': (d) => `dt0c01.${d.upper(24)}.${d.upper(64)}`,
  'PostHog key': (d) => `phx_${d.alnum(43)}`,
  'HubSpot token': (d) => `pat-na1-${d.uuid()}`,
  'Airtable token': (d) => `pat${d.alnum(14)}.${d.hex(64)}`,
  'Notion token': (d) => `ntn_${d.alnum(46)}`,
  'Linear key': (d) => `lin_api_${d.alnum(40)}`,
  'Figma token': (d) => `figd_${d.url(40)}`,
  'Dropbox token': (d) => `sl.u.${d.url(130)}`,
  'Contentful token': (d) => `CFPAT-${d.url(43)}`,
  'Postman key': (d) => `PMAK-${d.hex(24)}-${d.hex(34)}`,
  'GitLab routable token': (d) => `glpat-${d.url(27)}.${d.lower(2)}.${d.lower(7)}`,
  'Slack rotated token': (d) => `xoxe.xoxp-1-${d.alnum(166)}`,
  'Slack refresh token': (d) => `xoxe-1-${d.alnum(146)}`,
  'Stripe organisation key': (d) => `sk_org_live_${d.alnum(60)}`,
  'OpenAI service key': (d) => `sk-svcacct-${d.url(120)}`,
  'OpenAI admin key': (d) => `sk-admin-${d.url(120)}`,
  'OpenAI session': (d) => `sess-${d.alnum(40)}`,
  'Anthropic admin key': (d) => `sk-ant-admin01-${d.url(93)}AA`,
  'Gemini key': (d) => `AQ.Ab8RN6${d.url(44)}`,
  'Azure Search key': (d) => `${d.alnum(42)}AzSe${d.alnum(6)}`,
  'Azure Functions key': (d) => `${d.url(44)}AzFu${d.alnum(6)}==`,
  'Azure registry key': (d) => `${d.alnum(42)}+ACR${d.alnum(6)}`,
  'Azure Redis key': (d) => `${d.alnum(33)}AzCa${d.alnum(6)}=`,
  'Azure IoT key': (d) => `${d.alnum(33)}AIoT${d.alnum(6)}=`,
  'Azure Service Bus key': (d) => `${d.alnum(33)}+ASb${d.alnum(6)}=`,
  'Azure Event Hub key': (d) => `${d.alnum(33)}+AEh${d.alnum(6)}=`,
  'Azure API Management key': (d) => `${d.alnum(76)}APIM${d.alnum(4)}==`,
  'DigitalOcean Spaces key': (d) => `DO801${d.upper(15)}`,
  'Netlify OAuth token': (d) => `nfo_${d.alnum(36)}`,
  'Vercel Blob token': (d) => `vercel_blob_rw_${d.alnum(16)}_${d.alnum(30)}`,
  'Neon password': (d) => `npg_${d.alnum(12)}`,
  'Databricks OAuth secret': (d) => `dkea${d.hex(32)}`,
  'Infisical token': (d) => `st.${d.hex(24)}.${d.hex(32)}.${d.hex(32)}`,
  'Bitwarden token': (d) => `0.${d.uuid()}.${d.alnum(30)}:${d.base64(16)}`,
  'Akamai token': (d) => `akab-${d.lower(16)}-${d.lower(16)}`,
  'Volcengine key': (d) => `AKLT${d.alnum(43)}`,
  'Yandex IAM token': (d) => `t1.A${d.url(180)}.${d.url(86)}`,
  'Yandex OAuth token': (d) => `y0_${d.url(55)}`,
  'CockroachDB key': (d) => `CCDB1_${d.alnum(22)}_${d.alnum(40)}`,
  'Elastic key': (d) => `essu_${d.base64(60)}`,
  'Confluent key': (d) => `cflt${d.alnum(60)}`,
  'Snowflake token': (d) => `ver:1-hint:${d.of(DIGITS, 9)}-ETMsDgAAA${d.base64(150)}`,
  'Deno token': (d) => `ddp_${d.alnum(36)}`,
  'Daytona key': (d) => `dtn_${d.hex(64)}`,
  'Trello token': (d) => `ATTA${d.hex(64)}${d.upper(8)}`,
  'JSR token': (d) => `jsrp_${d.alnum(40)}`,
  'Depot token': (d) => `depot_project_${d.hex(64)}`,
  'dbt token': (d) => `dbtc_${d.url(44)}`,
  'Snyk token': (d) => `snyk_sat.${d.hex(8)}.${d.url(80)}`,
  'RunPod key': (d) => `rpa_${d.upper(43)}`,
  'Context7 key': (d) => `ctx7sk-${d.uuid()}`,
  'Amp token': (d) => `sgamp_user_${d.alnum(40)}_${d.alnum(20)}`,
  'Modal token': (d) => `ak-${d.of(UPPER, 1)}${d.of(DIGITS, 1)}${d.alnum(20)}`,
  'Cursor key': (d) => `crsr_${d.hex(64)}`,
  'Browserbase key': (d) => `bb_live_${d.alnum(27)}`,
  'Polar token': (d) => `polar_oat_${d.alnum(43)}`,
  'New Relic region key': (d) => `eu01xx${d.hex(30)}NRAL`,
  'PostHog OAuth token': (d) => `pha_${d.url(43)}`,
  'Linear webhook secret': (d) => `lin_wh_${d.alnum(40)}`,
  'Figma refresh token': (d) => `figdr_${d.url(40)}`,
  'Asana token': (d) => `1/${d.of(DIGITS, 16)}:${d.hex(32)}`,
  'Discord user token': (d) => `mfa.${d.url(84)}`,
  'Meta token': (d) => `EAAG${d.alnum(180)}`,
  'Instagram token': (d) => `IGQVJ${d.url(130)}`,
  'OneSignal key': (d) => `os_v2_app_${d.lower(100)}`,
  'Telnyx key': (d) => `KEY0${d.of('0123456789ABCDEF', 30)}_${d.alnum(22)}`,
  'Porkbun key': (d) => `sk1_${d.hex(64)}`,
  'extended private key': (d) => `xprv9s21ZrQH143K${d.alnum(96)}`,
  'bcrypt hash': (d) => `$2b$12$${d.of(`${ALNUM}./`, 53)}`,
  'yescrypt hash': (d) => `$y$j9T$${d.of(`${ALNUM}./`, 22)}$${d.of(`${ALNUM}./`, 43)}`,
  'argon2 hash': (d) => `$argon2id$v=19$m=65536,t=3,p=4$${d.alnum(22)}$${d.alnum(43)}`,
  'age key': (d) => `AGE-SECRET-KEY-1${d.upper(58)}`,
}

/** Secrets that are known by what stands around them. */
const contexts: Readonly<Record<string, (d: Draw, secret: string) => string>> = {
  'shell export': (_, secret) => `export DB_PASSWORD=${secret}`,
  dotenv: (_, secret) => `MODE=dev\nSESSION_SECRET="${secret}"\nPORT=1`,
  'YAML key': (_, secret) => `database:\n  user: app\n  password: ${secret}\n  port: 5432`,
  'JSON member': (_, secret) => JSON.stringify({ user: 'app', api_key: secret, port: 1 }),
  'JSON within JSON': (_, secret) =>
    JSON.stringify({ body: JSON.stringify({ clientSecret: secret, n: 1 }) }),
  code: (_, secret) => `const apiKey = "${secret}";`,
  'Python code': (_, secret) => `os.environ["SERVICE_TOKEN"] = '${secret}'`,
  'properties file': (_, secret) => `spring.datasource.password=${secret}`,
  XML: (_, secret) => `<user>app</user><password>${secret.replace(/[<>&]/g, '')}</password>`,
  'Kubernetes variable': (_, secret) => `- name: API_TOKEN\n  value: ${secret}`,
  option: (_, secret) => `deploy --api-key ${secret} --region eu`,
  'query parameter': (_, secret) =>
    `https://example.com/v1?access_token=${encodeURIComponent(secret)}&x=1`,
  'connection string': (_, secret) => `Server=db;User Id=app;Password=${secret};Encrypt=true`,
  'bearer header': (_, secret) => `curl -H "Authorization: Bearer ${secret}" https://example.com`,
  'key header': (_, secret) => `X-Api-Key: ${secret}`,
  'npm registry': (_, secret) => `//registry.example.com/:_authToken=${secret}`,
  kubeconfig: (_, secret) => `users:\n- name: admin\n  user:\n    token: ${secret}`,
  'default in code': (_, secret) => `const key = process.env.API_KEY || "${secret}"`,
  'default in Python': (_, secret) => `os.getenv("API_TOKEN", "${secret}")`,
  'Terraform variable': (_, secret) => `variable "db_password" {\n  default = "${secret}"\n}`,
  'GitHub secret': (_, secret) => `gh secret set DEPLOY_TOKEN --body "${secret}"`,
  'AWS parameter': (_, secret) =>
    `aws ssm put-parameter --name DB_PASSWORD --value ${secret} --type SecureString`,
  'PowerShell variable': (_, secret) => `$env:API_TOKEN = "${secret}"`,
  'table in Markdown': (_, secret) => `| API_TOKEN | ${secret} |`,
  'bold in Markdown': (_, secret) => `**client_secret:** \`${secret}\``,
  'XML property': (_, secret) => `<property name="DB_PASSWORD">${secret}</property>`,
  'property list': (_, secret) => `<key>API_TOKEN</key>\n<string>${secret}</string>`,
  'HTML escapes': (_, secret) => `&quot;api_key&quot;:&quot;${secret}&quot;`,
  'Unicode escapes': (_, secret) => `\\u0022api_key\\u0022:\\u0022${secret}\\u0022`,
  'URL escapes': (_, secret) => `api_key%3D${encodeURIComponent(secret)}%26x%3D1`,
  'preprocessor line': (_, secret) => `#define API_TOKEN "${secret}"`,
  'continued line': (_, secret) => `export API_TOKEN=\\\n${secret}`,
  'terminal colours': (_, secret) => `\u001b[32mAPI_TOKEN\u001b[0m=${secret}`,
  'tab behind a name': (_, secret) => `DB_PASSWORD\t${secret}`,
  'quoted error': (_, secret) => `invalid api_key "${secret}"`,
  'prose with a password': (_, secret) => `log in as admin with password ${secret}`,
  'nested value': (_, secret) => JSON.stringify({ password: { value: secret, sensitive: true } }),
  'header as an argument': (_, secret) => `curl -H 'x-auth-token: ${secret}' https://example.com`,
  'signing in code': (_, secret) => `jwt.sign(payload, '${secret}')`,
  'piped password': (_, secret) => `echo ${secret} | docker login -u app --password-stdin`,
  'Redis configuration': (_, secret) => `requirepass ${secret}`,
  'MongoDB shell': (_, secret) => `mongosh -u app -p ${secret} --host db`,
  'SQL Server shell': (_, secret) => `sqlcmd -S db -U sa -P '${secret}' -Q "x"`,
  'LDAP search': (_, secret) => `ldapsearch -x -D cn=admin -w ${secret} -b dc=x`,
  'OpenSSL passphrase': (_, secret) => `openssl rsa -passin pass:${secret} -in key.pem`,
  'key store': (_, secret) => `keytool -genkey -keypass ${secret}`,
  'archive password': (_, secret) => `unzip -P ${secret} a.zip`,
  'MySQL shell': (_, secret) => `mysqldump -h db -u root -p'${secret}' shop`,
  'curl with more options': (_, secret) => `curl -sSu admin:${secret} https://example.com`,
  'pgpass file': (_, secret) => `localhost:5432:shop:app:${secret}`,
  'Go database driver': (_, secret) => `app:${secret}@tcp(127.0.0.1:3306)/shop`,
  'Oracle URL': (_, secret) => `jdbc:oracle:thin:app/${secret}@//db:1521/x`,
  'SQL user': (_, secret) => `CREATE USER app IDENTIFIED WITH mysql_native_password BY '${secret}'`,
  'piped login': (_, secret) => `echo "${secret}" | helm registry login r.example.com`,
  'here-string': (_, secret) => `gh auth login --with-token <<< "${secret}"`,
  'file of a secret': (_, secret) => `printf '%s' ${secret} > secrets/token`,
  'list in JSON': (_, secret) => JSON.stringify({ passwords: ['', secret] }),
  'tuple in code': (_, secret) => `tokens = ('${secret}', 'none')`,
  'joined strings': (_, secret) => `password = "" + "${secret}"`,
  'character reference': (_, secret) => `password&#61;${secret}`,
  'German prose': (_, secret) => `das Kennwort ist ${secret}`,
  'Kubernetes literal': (_, secret) =>
    `kubectl create secret generic db --from-literal=color=${secret}`,
  'secure string': (_, secret) => `ConvertTo-SecureString '${secret}' -AsPlainText -Force`,
  'libpq connection': (_, secret) => `host=db user=app password=${secret} dbname=shop`,
  'authorization in prose': (d) => `the authorization header is ${d.alnum(24)}`,
  'French prose': (_, secret) => `mot de passe : ${secret}`,
  'AWS credentials': (d) => `aws_secret_access_key = ${d.of(`${ALNUM}/+`, 40)}`,
  'Datadog variable': (d) => `DD_API_KEY=${d.hex(32)}`,
  'Twilio variable': (d) => `TWILIO_AUTH_TOKEN=${d.hex(32)}`,
  'Cloudflare variable': (d) => `CLOUDFLARE_API_TOKEN=${d.alnum(40)}`,
  'Mistral variable': (d) => `MISTRAL_API_KEY=${d.alnum(32)}`,
}

/** Secrets within something that is kept. */
const shaped: Readonly<Record<string, (d: Draw) => { text: string; secret: string }>> = {
  'database URL': (d) => {
    const secret = d.alnum(16)
    return { secret, text: `postgres://app:${secret}@db.example.com:5432/shop` }
  },
  'URL of a proxy': (d) => {
    const secret = d.alnum(14)
    return { secret, text: `https://proxy:${secret}@proxy.example.com:8080` }
  },
  'basic header': (d) => {
    const secret = Buffer.from(`app:${d.password()}`).toString('base64')
    return { secret, text: `Authorization: Basic ${secret}` }
  },
  cookie: (d) => {
    const secret = d.url(32)
    return { secret, text: `Cookie: theme=dark; sid=${secret}` }
  },
  netrc: (d) => {
    const secret = d.password()
    return { secret, text: `machine example.com\n  login app\n  password ${secret}\n` }
  },
  'curl user': (d) => {
    const secret = d.alnum(14)
    return { secret, text: `curl -u app:${secret} https://example.com` }
  },
  'Docker config': (d) => {
    const secret = Buffer.from(`app:${d.alnum(20)}`).toString('base64')
    return { secret, text: JSON.stringify({ auths: { 'r.io': { auth: secret } } }) }
  },
  JWT: (d) => {
    const payload = Buffer.from(JSON.stringify({ sub: d.hex(12), role: 'admin' })).toString(
      'base64url',
    )
    const secret = `${payload}.${d.url(43)}`
    return { secret, text: `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${secret}` }
  },
  'private key': (d) => {
    const secret = d.base64(48)
    const lines = [d.base64(48), secret, d.base64(30)].join('\n')
    return {
      secret,
      text: `-----BEGIN RSA PRIVATE KEY-----\n${lines}\n-----END RSA PRIVATE KEY-----`,
    }
  },
  'OpenSSH key': (d) => {
    const secret = d.base64(48)
    return {
      secret,
      text: `-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n${secret}\n-----END OPENSSH PRIVATE KEY-----`,
    }
  },
  'Azure storage key': (d) => {
    const secret = d.base64(64)
    return {
      secret,
      text: `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${secret};EndpointSuffix=core.windows.net`,
    }
  },
  'Azure SAS': (d) => {
    const secret = encodeURIComponent(d.base64(32))
    return { secret, text: `https://shop.blob.core.windows.net/c?sv=2022-11-02&sig=${secret}` }
  },
  'signed URL': (d) => {
    const secret = d.hex(64)
    return {
      secret,
      text: `https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=${secret}`,
    }
  },
  'URL in a URL': (d) => {
    const secret = d.alnum(16)
    return { secret, text: encodeURIComponent(`postgres://app:${secret}@db/shop`) }
  },
  'key without its beginning': (d) => {
    const secret = d.base64(48)
    return { secret, text: `${secret}\n${d.base64(48)}\n-----END RSA PRIVATE KEY-----` }
  },
  'key in base64': (d) => {
    const key = `-----BEGIN PRIVATE KEY-----\n${d.base64(48)}\n-----END PRIVATE KEY-----\n`
    const secret = Buffer.from(key).toString('base64')
    return { secret, text: `tls.key: ${secret}` }
  },
  'key in a URL': (d) => {
    const secret = d.alnum(64)
    return {
      secret,
      text: encodeURIComponent(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`),
    }
  },
  'JSON Web Key': (d) => {
    const secret = d.url(43)
    return { secret, text: JSON.stringify({ kty: 'EC', crv: 'P-256', x: d.url(43), d: secret }) }
  },
  'recovery phrase': (d) => {
    const secret = Array.from({ length: 12 }, () => d.of(LOWER, 6)).join(' ')
    return { secret, text: `seed phrase: ${secret}` }
  },
  'cookie of curl': (d) => {
    const secret = d.alnum(32)
    return { secret, text: `curl -b "session=${secret}" https://example.com` }
  },
  'token behind a password': (d) => {
    const secret = `ghp_${d.alnum(36)}`
    return { secret, text: `machine github.com login ${secret} password x-oauth-basic` }
  },
  'Kubernetes secret in JSON': (d) => {
    const secret = Buffer.from(d.of(LOWER, 12)).toString('base64')
    return { secret, text: JSON.stringify({ kind: 'Secret', data: { color: secret } }) }
  },
  'header in base64': (d) => {
    const secret = Buffer.from(`Authorization: Bearer ${d.alnum(24)}`).toString('base64')
    return { secret, text: `header=${secret}` }
  },
  'authorization code': (d) => {
    const secret = d.alnum(32)
    return { secret, text: `https://app.example.com/cb?code=${secret}&state=1` }
  },
  'SAML response': (d) => {
    const secret = encodeURIComponent(d.base64(90))
    return { secret, text: `SAMLResponse=${secret}` }
  },
  'cut OpenSSH key': (d) => {
    const secret = d.base64(48)
    return { secret, text: `-----BEGIN OPENSSH PRIVATE KEY-----\n${d.base64(48)}\n${secret}` }
  },
  'listed private key': (d) => {
    const secret = d.base64(48)
    return {
      secret,
      text: `     1\t-----BEGIN RSA PRIVATE KEY-----\n     2\t${secret}\n     3\t${d.base64(48)}`,
    }
  },
  'WireGuard key': (d) => {
    const secret = d.base64(32)
    return { secret, text: `[Interface]\nPrivateKey = ${secret}` }
  },
  passphrase: (d) => {
    const secret = Array.from({ length: 4 }, () => d.of(LOWER, 7)).join(' ')
    return { secret, text: JSON.stringify({ passphrase: secret, n: 1 }) }
  },
  'Slack webhook': (d) => {
    const secret = d.alnum(24)
    return {
      secret,
      text: `https://hooks.slack.com/services/T${d.upper(8)}/B${d.upper(8)}/${secret}`,
    }
  },
  'Discord webhook': (d) => {
    const secret = d.url(68)
    return { secret, text: `https://discord.com/api/webhooks/${d.of(DIGITS, 18)}/${secret}` }
  },
}

/** One of each kind. */
export function generateSecrets(random: Random): readonly GeneratedSecret[] {
  const d = drawing(random)
  return [
    ...Object.entries(tokens).map(([kind, make]) => {
      const secret = make(d)
      return { kind, secret, text: `Use ${secret} for now.` }
    }),
    ...Object.entries(contexts).map(([kind, make]) => {
      const given = d.password() + d.alnum(8)
      const text = make(d, given)
      const secret = text.includes(given) ? given : (/[^\s=:"']+$/.exec(text)?.[0] ?? given)
      return { kind, secret, text }
    }),
    ...Object.entries(shaped).map(([kind, make]) => ({ kind, ...make(d) })),
  ]
}

const WORDS =
  'the token is invalid and a password was wrong so please set another secret key before you authorize this request again'.split(
    ' ',
  )

/** Texts that look like secrets and are none. */
export function generateLookAlikes(random: Random): readonly string[] {
  const d = drawing(random)
  const prose = (): string =>
    Array.from({ length: 14 }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ')
  return [
    `commit ${d.hex(40)}`,
    `sha256:${d.hex(64)}`,
    `md5 ${d.hex(32)}`,
    `"id": "${d.uuid()}"`,
    `{"request_id":"req_${d.alnum(24)}","n":1}`,
    `toolu_01${d.alnum(22)}`,
    `msg_01${d.alnum(22)}`,
    `data:image/png;base64,iVBORw0KGgo${d.base64(600)}`,
    `"integrity": "sha512-${d.base64(64)}"`,
    `function a(b,c){return b.t===c?e.k(b[${d.of(DIGITS, 3)}]):f.g("${d.lower(4)}")}var ${d.of(LOWER, 2)}=1;`,
    prose(),
    `The password: ${prose()}`,
    `Please enter your API key (${prose()}).`,
    `max_tokens: ${d.of('123456789', 4)}, "input_tokens": ${d.of('123456789', 6)}`,
    `interface Login { password: string; token?: string; apiKey: string | undefined }`,
    `const token = await fetchToken(user.id, ${d.of(DIGITS, 4)})`,
    `password = getpass.getpass("Password: ")`,
    `API_KEY=\${API_KEY}\nSECRET=$(vault read secret/x)\nTOKEN=<your token>`,
    `if (request.headers.authorization === undefined) return reply.code(401)`,
    `https://example.com/docs/${d.hex(12)}?page=2&sort=key`,
    `git@github.com:owner/repo-${d.lower(6)}.git`,
    `-----BEGIN CERTIFICATE-----\n${d.base64(48)}\n-----END CERTIFICATE-----`,
    `ssh-ed25519 ${d.base64(51)} ada@example.com`,
    `trace ${d.hex(32)} span ${d.hex(16)}`,
    `/home/ada/project/src/token/secret-key/password.ts:${d.of(DIGITS, 3)}`,
    `primaryKey: ${d.lower(8)}, foreignKey: ${d.lower(8)}`,
    `<div class="sk-circle-${d.of(DIGITS, 1)} sk-fading-circle"></div>`,
    `SELECT token_count FROM usage WHERE key = '${d.of(LOWER, 6)}'`,
    `version 1.${d.of(DIGITS, 2)}.${d.of(DIGITS, 2)}-beta+${d.hex(7)}`,
    `${d.of(DIGITS, 10)} ${d.of(DIGITS, 13)} ${d.of(DIGITS, 20)}`,
    `kind: ConfigMap\ndata:\n  color: ${d.of(LOWER, 8)}`,
    `const int ledPin = ${d.of('123456789', 2)}; pin: ${d.of('123456789', 1)}`,
    `"session_id": "${d.uuid()}", sessionId=${d.uuid()}`,
    `{"type":"thinking","thinking":"","signature":"${d.base64(120)}"}`,
    `tokens = ["${d.of(LOWER, 3)}", "${d.of(LOWER, 5)}"]`,
    `exit code=${d.of(DIGITS, 3)}, error code: E${d.of(DIGITS, 4)}`,
    `Passwort: erforderlich, пароль: не указан, パスワード: 必須`,
  ]
}
