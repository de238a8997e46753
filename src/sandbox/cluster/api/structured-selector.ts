import { type Json, listAt, stringsAt, textAt } from './json.ts';

/** Whether labels match a LabelSelector object (`matchLabels` and `matchExpressions`, all must hold). */
export function matchesStructuredSelector(selector: Json, labels: Readonly<Record<string, string>>): boolean {
  const has = (key: string): boolean => Object.hasOwn(labels, key);
  for (const [key, value] of Object.entries(stringsAt(selector, 'matchLabels'))) {
    if (!has(key) || labels[key] !== value) return false;
  }
  for (const expression of listAt(selector, 'matchExpressions')) {
    const key = textAt(expression, 'key') ?? '';
    const values = Array.isArray(expression.values) ? expression.values : [];
    const isMember = has(key) && values.includes(labels[key] ?? '');
    switch (expression.operator) {
      case 'In':
        if (!isMember) return false;
        break;
      case 'NotIn':
        if (isMember) return false;
        break;
      case 'Exists':
        if (!has(key)) return false;
        break;
      case 'DoesNotExist':
        if (has(key)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

/** A LabelSelector object in the text form of the API, as `scale` reports it. */
export function selectorAsText(selector: Json): string {
  const parts = Object.entries(stringsAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${value}`);
  for (const expression of listAt(selector, 'matchExpressions')) {
    const key = textAt(expression, 'key') ?? '';
    const values = Array.isArray(expression.values) ? expression.values.join(',') : '';
    if (expression.operator === 'Exists') parts.push(key);
    else if (expression.operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${expression.operator === 'In' ? 'in' : 'notin'} (${values})`);
  }
  return parts.sort().join(',');
}
