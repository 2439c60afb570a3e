/** How many secrets were masked in a session, by rule, the most first. */
export function MaskedList({ masked }: { readonly masked: Readonly<Record<string, number>> }) {
  const rules = Object.entries(masked).sort(([, a], [, b]) => b - a)
  return (
    <ul className="attributes">
      {rules.map(([rule, times]) => (
        <li key={rule}>
          <span>
            <span className="faint">{rule}</span> {times}
          </span>
        </li>
      ))}
    </ul>
  )
}
