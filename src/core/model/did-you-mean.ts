/**
 * The known name that is most like a mistyped one, or undefined when none is near. Near is an edit distance
 * (insert, delete, replace, swap of neighbours) of at most a third of the longer name, at least 1.
 *
 * `didYouMean('productoin', ['production', 'staging'])` -> `production`; `didYouMean('qa', ['production'])` -> undefined.
 */
export function didYouMean(written: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of known) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(written.length, name.length) / 3));
    if (distance <= allowed && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** `one of staging, production; did you mean production?` */
export function oneOfText(written: string, known: readonly string[]): string {
  const near = didYouMean(written, known);
  const list = known.length === 0 ? 'none is known' : `one of ${known.join(', ')}`;
  return near === undefined ? list : `${list} (did you mean ${near}?)`;
}

/** Optimal string alignment. */
function editDistance(a: string, b: string): number {
  // A name of this length is no typing error; the table below would only cost time.
  if (Math.max(a.length, b.length) > 100) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replace = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let distance = Math.min(at(last, column) + 1, at(current, column - 1) + 1, replace);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) distance = Math.min(distance, at(beforeLast, column - 2) + 1);
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
