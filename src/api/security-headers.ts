/**
 * What browsers are told to refuse: anything that does not come from the bridge itself, and any
 * other page's frame around it. Options of `@fastify/helmet`.
 */
import type { FastifyHelmetOptions } from '@fastify/helmet'

export const securityHeaders: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    // Helmet's own defaults allow inline styles and turn http into https.
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'object-src': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
    },
  },
  // Whether there is https is for whoever puts it in front.
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
  crossOriginResourcePolicy: { policy: 'same-origin' },
}
