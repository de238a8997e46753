/** What routes a service's traffic, as the catalogue has it. */
import type { DurationText } from './catalogue.ts';

export interface WeightMetricEntry {
  readonly url: string;
  readonly name: string;
  readonly backendLabel: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export type TrafficEntry =
  | {
      readonly kind: 'httpRoute';
      readonly route: string;
      readonly stableService: string;
      readonly port: number;
      readonly weightMetric?: WeightMetricEntry;
    }
  | {
      readonly kind: 'istioVirtualService';
      readonly virtualService: string;
      /** `spec.http[].name`, where several http routes send to the stable destination. */
      readonly httpRoute?: string;
      readonly stableService: string;
      readonly port: number;
      readonly destinationRule?: { readonly name: string; readonly stableSubset?: string };
      /** 10 s by default; of no use with a weight metric. */
      readonly settle?: DurationText;
      readonly weightMetric?: WeightMetricEntry;
    }
  | {
      readonly kind: 'podRatio';
      readonly stableService: string;
      readonly port: number;
      /** Percentage points; 10 by default. */
      readonly tolerance?: number;
      readonly weightMetric?: undefined;
    };
