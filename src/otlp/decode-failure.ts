/** Why a whole request could not be read; the client gets a 400 and nothing was kept. */
export interface DecodeFailure {
  /** What was wrong, for a person. */
  readonly message: string
}
