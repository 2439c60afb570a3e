/** A choice of one among a few, side by side. */

export interface Segment<T extends string> {
  readonly id: T
  readonly label: string
}

export interface SegmentsProps<T extends string> {
  readonly label: string
  readonly segments: readonly Segment<T>[]
  readonly value: T
  readonly onChange: (id: T) => void
}

export function Segments<T extends string>({ label, segments, value, onChange }: SegmentsProps<T>) {
  return (
    <fieldset className="segments">
      <legend className="sr-only">{label}</legend>
      {segments.map((segment) => (
        <button
          key={segment.id}
          type="button"
          aria-pressed={segment.id === value}
          onClick={() => onChange(segment.id)}
        >
          {segment.label}
        </button>
      ))}
    </fieldset>
  )
}
