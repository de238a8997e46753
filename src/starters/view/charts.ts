/** Pictures of a report as SVG, drawn on the server: the page needs no script. */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { amountInWords, shortSpan } from '../../core/report/amounts.ts';
import type { Spans, Trend } from '../../core/report/sections.ts';

use([BarChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer]);

type Option = Parameters<ReturnType<typeof init>['setOption']>[0];

const COLOURS = { well: '#1b6e3c', warning: '#c77700', bad: '#b3261e', line: '#3d6fb4', dim: '#5b6675' } as const;
const FONT = 'system-ui, sans-serif';
const BAR_PX = 26;

/** Colour of a run by how it ended. */
function colourOf(says: string): string {
  if (says === 'PASS' || says === 'completed' || says === 'passed') return COLOURS.well;
  return says === 'FAIL' || says === 'failed' ? COLOURS.bad : COLOURS.warning;
}

/** Line with a point for each run, in the colour of its verdict, and the limit as a dashed line. */
export function trendPicture({ title, unit, points, limit }: Trend): string {
  const highest = Math.max(1, ...points.map(({ value }) => value ?? 0));
  // A limit far above everything would press the line to the floor: then it is told in words only.
  const isLimitNear = limit !== undefined && limit.value <= highest * 4;
  const option: Option = {
    animation: false,
    textStyle: { fontFamily: FONT },
    aria: { enabled: false },
    grid: { left: 84, right: 16, top: 24, bottom: 30 },
    xAxis: {
      type: 'category',
      data: points.map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10)),
      axisLabel: { color: COLOURS.dim, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      min: 0,
      ...scale(unit, isLimitNear ? Math.max(highest, limit.value) : highest),
      axisLabel: { color: COLOURS.dim, formatter: (value: number) => amountInWords(unit, value) },
    },
    series: [
      {
        name: title,
        type: 'line',
        symbolSize: 8,
        lineStyle: { color: COLOURS.line },
        data: points.map(({ value, says }) => ({ value: value ?? '-', itemStyle: { color: colourOf(says) } })),
        ...(isLimitNear && {
          markLine: {
            silent: true,
            symbol: 'none',
            lineStyle: { color: COLOURS.bad, type: 'dashed' },
            label: { position: 'insideStartTop', formatter: `${limit.name} ${amountInWords(unit, limit.value)}` },
            data: [{ yAxis: limit.value }],
          },
        }),
      },
    ],
  };
  const far =
    limit !== undefined && !isLimitNear ? `${limit.name} ${amountInWords(unit, limit.value)} is far above` : '';
  return draw(option, 340, 200, `${title}, run by run${far === '' ? '' : `; ${far}`}`);
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const SPAN_STEPS = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 6, 12, 24, 48, 120, 240].map((hours) => hours * HOUR),
];

/** Round numbers of the unit at the axis, five at most. */
function scale(unit: Trend['unit'], highest: number): { readonly max: number; readonly interval: number } {
  const steps = unit === 'span' ? SPAN_STEPS : Array.from({ length: 50 }, (_none, power) => 2 ** power);
  const interval = steps.find((step) => step * 4 >= highest) ?? highest / 4;
  return { interval, max: Math.ceil((highest * 1.05) / interval) * interval };
}

/** One bar for each phase, where it lies in the whole. */
export function spansPicture({ title, spans }: Spans): string {
  const begin = Math.min(...spans.map(({ startedAtMs }) => startedAtMs));
  const option: Option = {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { left: 110, right: 80, top: 8, bottom: 28 },
    xAxis: { type: 'value', min: 0, axisLabel: { color: COLOURS.dim, formatter: (value: number) => shortSpan(value) } },
    yAxis: { type: 'category', inverse: true, data: spans.map(({ name }) => name), axisLabel: { color: COLOURS.dim } },
    series: [
      {
        type: 'bar',
        stack: 'time',
        silent: true,
        itemStyle: { color: 'transparent' },
        data: spans.map(({ startedAtMs }) => startedAtMs - begin),
      },
      {
        type: 'bar',
        stack: 'time',
        barWidth: 14,
        itemStyle: { color: COLOURS.line },
        label: {
          show: true,
          position: 'right',
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const span = spans[dataIndex];
            return span ? shortSpan(span.endedAtMs - span.startedAtMs) : '';
          },
        },
        data: spans.map(({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs),
      },
    ],
  };
  return draw(option, 1000, 44 + BAR_PX * spans.length, `time by ${title}`);
}

function draw(option: Option, width: number, height: number, label: string): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    const named = label.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
    return chart.renderToSVGString().replace('<svg ', `<svg role="img" aria-label="${named}" `);
  } finally {
    chart.dispose();
  }
}
