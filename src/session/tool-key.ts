/** Natural key of a tool's observation within its trace. */
export function toolKey(id: string): string {
  return `tool|${id}`
}
