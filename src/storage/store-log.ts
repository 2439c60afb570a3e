/** As much of a logger as the store needs; a Pino logger is one. */
export interface StoreLog {
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
