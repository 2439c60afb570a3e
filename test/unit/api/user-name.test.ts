import { expect, test } from 'vitest'
import { userName } from '../../../src/api/contract/user-name.ts'

test.each([
  ['ada.lovelace@example.com', 'ada.lovelace'],
  ['ada', 'ada'],
  ['Ada Lovelace', 'Ada Lovelace'],
  ['80fd0e9aa87fc37af35d91ebd90571b8963a827aaadfa90c0d0e586ad5fd7dec', '80fd0e9a'],
  ['3f2a91c0-5d5e-4b3f-9a52-1c2d3e4f5a6b', '3f2a91c0'],
  ['deadbeef', 'deadbeef'],
  ['@example.com', '@example.com'],
  ['a@b@c', 'a@b@c'],
  ['', ''],
])('%s is called %s', (userId, name) => {
  expect(userName(userId)).toBe(name)
})
