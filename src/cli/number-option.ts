/** Options that are whole numbers. */
import { InvalidArgumentError } from 'commander'

/** Commander's parser of a whole number between two bounds. */
export function numberBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
  }
}
