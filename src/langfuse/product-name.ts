/** The name this product gives itself: in headers, as instrumentation scope, as service. */
export const PRODUCT_NAME = 'claude-telemetry'
