import { describe, expect, it } from 'vitest'
import { createIntakeBuilder } from '../../../src/otlp/intake-builder.ts'

describe('the intake of one request', () => {
  it('is full at its limit, whatever became of the records', () => {
    const intake = createIntakeBuilder<number>(3)
    intake.accept(1)
    intake.reject('bad')
    expect(intake.isFull()).toBe(false)
    intake.accept(2)
    expect(intake.isFull()).toBe(true)
    intake.rejectOverflow(4)
    const { accepted, rejected } = intake.takePart()
    expect(accepted).toEqual([1, 2])
    expect(rejected).toHaveLength(5)
    expect(rejected[4]?.message).toBe('more than 3 records in one request')
  })

  it('counts every refusal and describes only the first', () => {
    const intake = createIntakeBuilder<number>()
    for (let i = 0; i < 1000; i++) intake.reject(`bad ${i}`)
    const { rejected } = intake.takePart()
    expect(rejected).toHaveLength(1000)
    expect(rejected[99]?.message).toBe('bad 99')
    expect(rejected[100]).toBe(rejected[999])
  })

  it('cuts long messages', () => {
    const intake = createIntakeBuilder<number>()
    intake.reject('words '.repeat(1000))
    expect(intake.takePart().rejected[0]?.message).toMatch(/^(?:words ){65}words…$/)
  })
})
