/** Which exporters there are, by the settings and the routes of a file, and what goes to which of them. */
import type { Config } from '../config/config.ts'
import { readRoutesFile } from '../config/routes-file.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Routes } from '../domain/routing.ts'
import {
  type ConfiguredExporter,
  configuredExporters,
  namedExporters,
  routesOf,
} from '../exporters/registry.ts'
import { PRODUCT_VERSION } from './version.ts'

export interface DeliveryPlan {
  readonly exporters: readonly ConfiguredExporter[]
  /** Undefined without a file: everything goes to every exporter. */
  readonly routes: Routes | undefined
}

/** The error is a sentence for a person about the file of routes. */
export function readDeliveryPlan(config: Config, now: () => number): Result<DeliveryPlan, string> {
  const file = readRoutesFile(config.routesFile)
  if (!file.ok) return file
  const context = { productVersion: PRODUCT_VERSION, now }
  const configured = configuredExporters(config, context)
  const named = namedExporters(file.value?.destinations ?? [], config, context)
  return ok({
    exporters: [...configured, ...named],
    routes: file.value && routesOf(file.value, configured),
  })
}
