import { describe, expect, test } from 'vitest'
import { causeOfDay, readProviderUsage } from '../../../../src/reports/reconcile/provider-usage.ts'

const USAGE =
  'usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed'
const COST =
  'usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type'

describe('an export of the console', () => {
  test('of usage adds up all kinds of tokens by day', () => {
    const text = `\u{feff}${USAGE}\r\n2026-11-26,claude-opus-5-5,"key, mine",Default,standard,≤ 200k,10,20,30,40,5,7,global,\r\n2026-11-25T03:00:00Z,claude-opus-5-5,k,Default,standard,≤ 200k,1,0,0,0,1,0,global,\r\n\r\n`
    expect(readProviderUsage(text)).toEqual({
      ok: true,
      value: [
        { date: '2026-11-25', tokens: 2, costUsd: undefined },
        { date: '2026-11-26', tokens: 105, costUsd: undefined },
      ],
    })
  })

  test('of older usage has one column for what was written to the cache', () => {
    const text =
      'usage_date_utc,usage_input_tokens_no_cache,usage_input_tokens_cache_write,usage_input_tokens_cache_read,usage_output_tokens\n2025-03-01,1,2,3,4\n'
    expect(readProviderUsage(text)).toMatchObject({ value: [{ tokens: 10 }] })
  })

  test('of cost adds up dollars', () => {
    const row = (type: string, usd: string) =>
      `2026-11-26,Claude Opus 5.5,Default,k,message,≤ 200k,${type},${usd},1,token`
    expect(
      readProviderUsage([COST, row('output', '0.10'), row('input_no_cache', '0.2')].join('\n')),
    ).toEqual({
      ok: true,
      value: [{ date: '2026-11-26', tokens: undefined, costUsd: 0.3 }],
    })
  })

  test.each([
    ['nothing', ''],
    ['another table', 'a,b\n1,2\n'],
    ['a date alone', 'usage_date_utc,model\n2026-11-26,x\n'],
  ])('is not %s', (_, text) => {
    expect(readProviderUsage(text)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/usage_date_utc/),
    })
  })

  test('names the line that cannot be read', () => {
    const text = 'usage_date_utc,cost_usd\n2026-11-26,1\nyesterday,1\n'
    expect(readProviderUsage(text)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/line 3/),
    })
    expect(readProviderUsage('usage_date_utc,cost_usd\n2026-11-26,"1\n')).toMatchObject({
      ok: true,
    })
    expect(readProviderUsage('usage_date_utc,cost_usd\n2026-11-26,much\n')).toMatchObject({
      error: expect.stringMatching(/line 2/),
    })
  })
})

describe('a day', () => {
  const day = (tokens: number) => ({ date: '2026-11-26', tokens, costUsd: undefined })

  test('that is the same needs no cause', () => {
    expect(causeOfDay(day(10), { tokens: 10, costUsd: 1 }, [])).toBeUndefined()
  })

  test('that the provider has and nobody else is from before, or of another machine', () => {
    expect(causeOfDay(day(10), undefined, [])).toMatch(/before .* installed, or on another machine/)
  })

  test('with more at the provider, or less', () => {
    expect(causeOfDay(day(10), { tokens: 4, costUsd: 1 }, [])).toMatch(/other machines, keys/)
    expect(causeOfDay(day(4), { tokens: 10, costUsd: 1 }, [])).toMatch(/leaves out workspaces/)
  })

  test('whose difference the next day has the other way round is one of midnight', () => {
    const next = { provider: day(6), total: { tokens: 0, costUsd: 0 } }
    expect(causeOfDay(day(4), { tokens: 10, costUsd: 1 }, [next])).toMatch(/midnight UTC/)
  })
})
