/** An OpenID Connect provider on loopback that logs in whom the test says, without asking. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export const CLIENT = { id: 'the-bridge', secret: 'what-the-provider-gave-the-bridge' }

export interface Provider {
  readonly issuer: string
  /** Whoever logs in next, and what is said of him. */
  person: Readonly<Record<string, unknown>>
  /** What the id token says of itself instead. */
  forged: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

interface Grant {
  readonly nonce: string
  readonly challenge: string
  readonly redirectUri: string
  readonly person: Provider['person']
}

export async function createProvider(): Promise<Provider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }
  const grants = new Map<string, Grant>()
  const server = createServer((request, response) => {
    void answer(request).then(
      ({ status, headers = {}, body }) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(body === undefined ? '' : JSON.stringify(body))
      },
      () => response.writeHead(500).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  interface Answer {
    readonly status: number
    readonly headers?: Record<string, string>
    readonly body?: unknown
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', issuer)
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return {
          status: 200,
          body: {
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: `${issuer}/token`,
            userinfo_endpoint: `${issuer}/userinfo`,
            jwks_uri: `${issuer}/keys`,
            response_types_supported: ['code'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256'],
          },
        }
      case '/keys':
        return { status: 200, body: { keys: [jwk] } }
      case '/authorize':
        return authorize(url.searchParams)
      case '/token':
        return token(new URLSearchParams(await textOf(request)))
      case '/userinfo':
        return { status: 200, body: { sub: 'sub-1', groups: ['from-userinfo'] } }
      default:
        return { status: 404 }
    }
  }

  function authorize(asked: URLSearchParams): Answer {
    const code = randomBytes(8).toString('hex')
    const redirectUri = asked.get('redirect_uri') ?? ''
    if (asked.get('client_id') !== CLIENT.id || asked.get('code_challenge_method') !== 'S256') {
      return { status: 400 }
    }
    grants.set(code, {
      nonce: asked.get('nonce') ?? '',
      challenge: asked.get('code_challenge') ?? '',
      redirectUri,
      person: provider.person,
    })
    const back = new URL(redirectUri)
    back.searchParams.set('code', code)
    back.searchParams.set('state', asked.get('state') ?? '')
    return { status: 302, headers: { location: back.href } }
  }

  function token(asked: URLSearchParams): Answer {
    const code = asked.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    const challenge = createHash('sha256')
      .update(asked.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight =
      grant?.challenge === challenge &&
      grant.redirectUri === asked.get('redirect_uri') &&
      asked.get('client_secret') === CLIENT.secret
    if (!isRight) return { status: 400, body: { error: 'invalid_grant' } }
    const nowS = Math.floor(Date.now() / 1000)
    const claims = {
      ...{ iss: issuer, aud: CLIENT.id, sub: 'sub-1', iat: nowS, exp: nowS + 300 },
      ...{ nonce: grant.nonce, ...grant.person, ...provider.forged },
    }
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${encoded({ alg: 'RS256', kid: 'k1' })}.${encoded(claims)}`
    const signature = sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')
    return {
      status: 200,
      body: {
        ...{ access_token: 'an-access-token', token_type: 'Bearer', expires_in: 300 },
        id_token: `${signed}.${signature}`,
      },
    }
  }

  const provider: Provider = {
    issuer,
    person: {},
    forged: {},
    close: async () => {
      server.closeAllConnections()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
  return provider
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
