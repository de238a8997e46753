/**
 * Fields of the Istio kinds (networking.istio.io/v1), in the notation of the client library's models. A field that is not
 * here is unknown: dropped, or refused under strict validation. `any` is kept as it is.
 */
export const ISTIO_MODELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  VirtualService: { ...top(), spec: 'VirtualServiceSpec', status: 'IstioStatus' },
  VirtualServiceSpec: {
    hosts: 'Array<string>',
    gateways: 'Array<string>',
    http: 'Array<VirtualServiceHTTPRoute>',
    tls: 'any',
    tcp: 'any',
    exportTo: 'Array<string>',
  },
  VirtualServiceHTTPRoute: {
    name: 'string',
    match: 'Array<VirtualServiceHTTPMatch>',
    route: 'Array<VirtualServiceHTTPDestination>',
    redirect: 'any',
    directResponse: 'any',
    delegate: 'any',
    rewrite: 'any',
    timeout: 'string',
    retries: 'any',
    fault: 'any',
    mirror: 'any',
    mirrors: 'any',
    mirrorPercent: 'integer',
    mirrorPercentage: 'any',
    corsPolicy: 'any',
    headers: 'any',
  },
  VirtualServiceHTTPMatch: {
    name: 'string',
    uri: 'any',
    scheme: 'any',
    method: 'any',
    authority: 'any',
    headers: 'any',
    port: 'integer',
    sourceLabels: 'any',
    gateways: 'Array<string>',
    queryParams: 'any',
    ignoreUriCase: 'boolean',
    withoutHeaders: 'any',
    sourceNamespace: 'string',
    statPrefix: 'string',
  },
  VirtualServiceHTTPDestination: { destination: 'IstioDestination', weight: 'integer', headers: 'any' },
  IstioDestination: { host: 'string', subset: 'string', port: 'IstioPortSelector' },
  IstioPortSelector: { number: 'integer' },
  DestinationRule: { ...top(), spec: 'DestinationRuleSpec', status: 'IstioStatus' },
  DestinationRuleSpec: {
    host: 'string',
    trafficPolicy: 'any',
    subsets: 'Array<DestinationRuleSubset>',
    exportTo: 'Array<string>',
    workloadSelector: 'any',
  },
  DestinationRuleSubset: { name: 'string', labels: '{ [key: string]: string; }', trafficPolicy: 'any' },
  IstioStatus: { conditions: 'Array<any>', validationMessages: 'Array<any>', observedGeneration: 'any' },
};

function top(): Record<string, string> {
  return { apiVersion: 'string', kind: 'string', metadata: 'V1ObjectMeta' };
}
