/** One bar: its place, its title, and a value for each series. */
export interface Bar {
  readonly id: string
  readonly label: string
  readonly title: string
  readonly values: Readonly<Record<string, number>>
}
