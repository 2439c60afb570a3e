/**
 * The sessions of test records that `doctor` sends through the bridge. Nobody worked in them, so
 * whatever counts sessions leaves them out.
 */

/** Every id of such a session begins with it, and no other does. */
export const DOCTOR_SESSION_PREFIX = 'claude-telemetry-doctor-'
