// Counters in the Prometheus text format, written by hand: the service has no packages.
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CHECKOUT_WINDOW = 200;

export function createMetrics(version) {
  /** @type {Map<string, number>} */
  const requests = new Map();
  /** @type {Map<string, { counts: number[], sum: number, count: number }>} */
  const durations = new Map();
  /** The last checkouts, oldest first; true is a success. */
  const checkouts = [];

  return {
    request({ method, route, code }, seconds) {
      const counter = labels({ method, route, code });
      requests.set(counter, (requests.get(counter) ?? 0) + 1);
      const key = labels({ method, route });
      const histogram = durations.get(key) ?? { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
      for (const [index, limit] of BUCKETS.entries()) if (seconds <= limit) histogram.counts[index] += 1;
      histogram.sum += seconds;
      histogram.count += 1;
      durations.set(key, histogram);
    },
    checkout(succeeded) {
      checkouts.push(succeeded);
      if (checkouts.length > CHECKOUT_WINDOW) checkouts.shift();
    },
    text() {
      const lines = [
        '# HELP http_requests_total Requests answered, by method, route and status code.',
        '# TYPE http_requests_total counter',
        ...[...requests].map(([key, count]) => `http_requests_total{${key}} ${count}`),
        '# HELP http_request_duration_seconds Time from the first byte of the request to the end of the answer.',
        '# TYPE http_request_duration_seconds histogram',
        ...[...durations].flatMap(histogramLines),
        '# HELP crm_build_info The running version; always 1.',
        '# TYPE crm_build_info gauge',
        `crm_build_info{${labels({ version })}} 1`,
      ];
      // Without a checkout there is no ratio. A zero would read as "every checkout failed".
      if (checkouts.length > 0) {
        const ratio = checkouts.filter(Boolean).length / checkouts.length;
        lines.push(
          `# HELP crm_checkout_success_ratio Share of the last ${CHECKOUT_WINDOW} checkouts (POST /api/orders) that succeeded.`,
          '# TYPE crm_checkout_success_ratio gauge',
          `crm_checkout_success_ratio ${ratio}`,
        );
      }
      return `${lines.join('\n')}\n`;
    },
  };
}

function histogramLines([key, { counts, sum, count }]) {
  return [
    ...BUCKETS.map((limit, index) => `http_request_duration_seconds_bucket{${key},le="${limit}"} ${counts[index]}`),
    `http_request_duration_seconds_bucket{${key},le="+Inf"} ${count}`,
    `http_request_duration_seconds_sum{${key}} ${sum}`,
    `http_request_duration_seconds_count{${key}} ${count}`,
  ];
}

function labels(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${String(value).replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`)
    .join(',');
}
