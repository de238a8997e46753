// Settings from the environment. A wrong value stops the service at its start, with the name and what was expected;
// the value itself is not printed, it may be a secret.

/** Throws with one line that names the variable. */
export function readConfig(env) {
  return {
    region: env.CRM_REGION ?? 'local',
    pageSize: wholeNumber(env, 'CRM_PAGE_SIZE', 20),
    /** How long routers may still send requests after the signal to stop, in milliseconds. */
    drainMs: wholeNumber(env, 'CRM_DRAIN_MS', 1000),
    /** The longest wait for running requests after that, in milliseconds. */
    drainLimitMs: wholeNumber(env, 'CRM_DRAIN_LIMIT_MS', 8000),
  };
}

function wholeNumber(env, name, fallback) {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  console.error(`fatal: ${name} is not a whole number`);
  process.exit(1);
}
