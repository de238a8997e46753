/** Structure of what the catalogue says of Prometheus: the server, and a metric's series on it. */
import { z } from 'zod';
import { SECRET_REFERENCE_EXPECTED, parseSecretReference } from '../core/model/secret-reference.ts';
import { httpUrl, labelName, labels } from './catalogue-texts.ts';
import { choice, duration, durationOrZero, mapping, text } from './schema.ts';

/** The text that is refused is not shown: it may be the secret itself. See `problems.ts`. */
const secretReference = text(SECRET_REFERENCE_EXPECTED).refine(
  (written) => parseSecretReference(written) !== undefined,
  { error: SECRET_REFERENCE_EXPECTED },
);
const headerName = text('the name of a header: letters, digits and hyphens', /^[A-Za-z0-9][-A-Za-z0-9]*$/);

export const prometheusSchema = mapping({
  url: httpUrl,
  auth: choice(
    'kind',
    ['bearer', 'basic'],
    [
      mapping({ kind: z.literal('bearer'), token: secretReference }),
      mapping({
        kind: z.literal('basic'),
        username: text('a user name without a colon', /^[^:\s]+$/),
        password: secretReference,
      }),
    ],
  ).optional(),
  headers: z
    .record(headerName, text('a text of printable characters', /^[\x20-\x7e]+$/), {
      error: (issue) => (issue.code === 'invalid_key' ? undefined : 'a mapping from header names to texts'),
    })
    .optional(),
  timeout: duration.optional(),
  lag: durationOrZero.optional(),
  staleAfter: duration.optional(),
});

export const prometheusSourceSchema = mapping({
  from: z.literal('prometheus'),
  arms: choice(
    'by',
    ['pods', 'backend', 'labels'],
    [
      mapping({ by: z.literal('pods'), label: labelName.optional() }),
      mapping({ by: z.literal('backend'), label: labelName }),
      mapping({ by: z.literal('labels'), stable: labels, canary: labels }),
    ],
  ).optional(),
  labels: labels.optional(),
});
