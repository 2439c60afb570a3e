/**
 * What docker-compose.yml and the bridge need to know of each other: fresh secrets and keys for a
 * Langfuse of one's own. Values use only characters that need no quoting in any of their readers.
 */
import { randomBytes, randomUUID } from 'node:crypto'

const secret = (bytes: number): string => randomBytes(bytes).toString('hex')

/** New values at each call. `webPort` is where Langfuse's page is published. */
export function newStackSettings(webPort: string) {
  return {
    LANGFUSE_HOST: `http://localhost:${webPort}`,
    LANGFUSE_PUBLIC_KEY: `pk-lf-${randomUUID()}`,
    LANGFUSE_SECRET_KEY: `sk-lf-${randomUUID()}`,
    LANGFUSE_ADMIN_EMAIL: 'admin@claude-telemetry.local',
    // Langfuse asks for a letter, a digit and a special character.
    LANGFUSE_ADMIN_PASSWORD: `Lf-1${secret(10)}`,
    STACK_NEXTAUTH_SECRET: secret(32),
    STACK_SALT: secret(16),
    // Langfuse wants exactly 64 hexadecimal digits.
    STACK_ENCRYPTION_KEY: secret(32),
    STACK_POSTGRES_PASSWORD: secret(16),
    STACK_CLICKHOUSE_PASSWORD: secret(16),
    STACK_REDIS_PASSWORD: secret(16),
    STACK_MINIO_PASSWORD: secret(16),
  }
}
