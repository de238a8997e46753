/** Texts that several parts of the catalogue have: addresses, names of metrics, labels. */
import { z } from 'zod';
import { text } from './schema.ts';

/** `${NAME}`, replaced by the environment of the process that reads the file. */
export const VARIABLE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}';

/** Plans stand in workflow histories: an address that carries a password would stand there with it. */
export const httpUrl = text(
  'an http or https URL without user and password; ${VARIABLE} stands for a variable of the process',
  new RegExp(`^(?!https?://[^/?#]*@)(https?://[^\\s]+|.*${VARIABLE}.*)$`),
);
export const metricName = text('a metric name: letters, digits, _ and :', /^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
export const labelName = text('a label name: letters, digits and _', /^[a-zA-Z_][a-zA-Z0-9_]*$/);
export const labels = z.record(labelName, z.string({ error: 'a text; begin it with ~ for a regular expression' }), {
  error: (issue) => (issue.code === 'invalid_key' ? undefined : 'a mapping from label names to texts'),
});
