/** Who looks: whether a key is right, and what the page asks first. */
import { z } from 'zod'
import { scope } from './keys.ts'

/** `challenge`: answered with a `proof`, for programs that are about to send the access token. */
export const meQuery = z.object({ challenge: z.string().min(16).max(200).optional() })

export const meAnswer = z
  .object({
    version: z.string(),
    /**
     * `token`: this machine only, with its access token. `loopback`: this machine, without a key.
     * `key`: API_KEY is asked for.
     */
    access: z.enum(['loopback', 'token', 'key']),
    /** Whether this request brought what is asked for. */
    isLoggedIn: z.boolean(),
    /** What this request may do; absent where that is everything. */
    rights: z
      .object({
        name: z.string(),
        scopes: z.array(scope),
        team: z.string().nullable(),
        user: z.string().nullable(),
      })
      .optional(),
    /** People log in by a provider, at `/api/oidc/login`; absent where there is none. */
    oidc: z.boolean().optional(),
    /** That the bridge holds the access token: HMAC-SHA-256 under it of port and challenge. */
    proof: z.string().optional(),
  })
  .meta({ id: 'Me' })
export type Me = z.infer<typeof meAnswer>

export const loginBody = z.object({ key: z.string().min(1).max(4096) }).meta({ id: 'Login' })

/** What has arrived lately of the parts that a set-up may have. */
export const setupSeen = z
  .object({
    /** Prompts, whether or not with their text. */
    prompts: z.boolean(),
    promptTexts: z.boolean(),
    /** Anything from hooks, ever. */
    hooks: z.boolean(),
    /** Windows of a subscription, which a status line reports. */
    planWindows: z.boolean(),
  })
  .meta({ id: 'SetupSeen' })
export type SetupSeen = z.infer<typeof setupSeen>

/** What has to be exported for an agent, and whether anything has arrived yet. */
export const setupAnswer = z
  .object({
    hasArrived: z.boolean(),
    seen: setupSeen.optional(),
    /** In order, for a shell. Never holds the key itself. */
    variables: z.array(z.object({ name: z.string(), value: z.string(), why: z.string() })),
    healthUrl: z.string(),
  })
  .meta({ id: 'Setup' })
export type Setup = z.infer<typeof setupAnswer>

/** Every answer with a status of 400 and above. */
export const problem = z
  .object({
    error: z.object({
      code: z.enum([
        'malformed',
        'unauthenticated',
        'forbidden',
        'not_found',
        'method_not_allowed',
        'conflict',
        'too_many',
        'internal',
        'stopping',
        /** The question could not be answered now: too many wait, or its thread ended. Ask again. */
        'unavailable',
        /** It took too long. */
        'timeout',
      ]),
      /** What is wrong, with which value, and what to do. */
      message: z.string(),
    }),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problem>
export type ProblemCode = Problem['error']['code']
