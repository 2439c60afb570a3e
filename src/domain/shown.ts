/** A value shown as it is: text, or structured. */
export type Shown =
  | string
  | number
  | boolean
  | null
  | readonly Shown[]
  | { readonly [key: string]: Shown | undefined }
