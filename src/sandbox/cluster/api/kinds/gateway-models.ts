/**
 * Fields of the Gateway API kinds, in the notation of the client library's models (which do not include them).
 * A field that is not here is unknown: dropped, or refused under strict validation. `any` is kept as it is.
 */
export const GATEWAY_MODELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GatewayClass: { ...top(), spec: 'GatewayClassSpec', status: 'GatewayClassStatus' },
  GatewayClassSpec: { controllerName: 'string', parametersRef: 'any', description: 'string' },
  GatewayClassStatus: { conditions: 'Array<V1Condition>', supportedFeatures: 'any' },
  Gateway: { ...top(), spec: 'GatewaySpec', status: 'GatewayStatus' },
  GatewaySpec: {
    gatewayClassName: 'string',
    listeners: 'Array<GatewayListener>',
    addresses: 'Array<any>',
    infrastructure: 'any',
    tls: 'any',
    allowedListeners: 'any',
    defaultScope: 'string',
  },
  GatewayListener: {
    name: 'string',
    hostname: 'string',
    port: 'integer',
    protocol: 'string',
    tls: 'any',
    allowedRoutes: 'any',
  },
  GatewayStatus: {
    addresses: 'Array<any>',
    conditions: 'Array<V1Condition>',
    listeners: 'Array<any>',
    attachedListenerSets: 'integer',
  },
  HTTPRoute: { ...top(), spec: 'HTTPRouteSpec', status: 'HTTPRouteStatus' },
  HTTPRouteSpec: {
    parentRefs: 'Array<GatewayParentReference>',
    hostnames: 'Array<string>',
    rules: 'Array<HTTPRouteRule>',
    useDefaultGateways: 'string',
  },
  GatewayParentReference: {
    group: 'string',
    kind: 'string',
    namespace: 'string',
    name: 'string',
    sectionName: 'string',
    port: 'integer',
  },
  HTTPRouteRule: {
    name: 'string',
    matches: 'Array<HTTPRouteMatch>',
    filters: 'Array<HTTPRouteFilter>',
    backendRefs: 'Array<HTTPBackendRef>',
    timeouts: 'HTTPRouteTimeouts',
    retry: 'any',
    sessionPersistence: 'any',
  },
  HTTPRouteMatch: {
    path: 'HTTPPathMatch',
    headers: 'Array<HTTPNameMatch>',
    queryParams: 'Array<HTTPNameMatch>',
    method: 'string',
  },
  HTTPPathMatch: { type: 'string', value: 'string' },
  HTTPNameMatch: { type: 'string', name: 'string', value: 'string' },
  HTTPRouteFilter: {
    type: 'string',
    requestHeaderModifier: 'any',
    responseHeaderModifier: 'any',
    requestMirror: 'any',
    requestRedirect: 'any',
    urlRewrite: 'any',
    cors: 'any',
    externalAuth: 'any',
    extensionRef: 'any',
  },
  HTTPBackendRef: {
    group: 'string',
    kind: 'string',
    name: 'string',
    namespace: 'string',
    port: 'integer',
    weight: 'integer',
    filters: 'Array<HTTPRouteFilter>',
  },
  HTTPRouteTimeouts: { request: 'string', backendRequest: 'string' },
  HTTPRouteStatus: { parents: 'Array<HTTPRouteParentStatus>' },
  HTTPRouteParentStatus: {
    parentRef: 'GatewayParentReference',
    controllerName: 'string',
    conditions: 'Array<V1Condition>',
  },
};

function top(): Record<string, string> {
  return { apiVersion: 'string', kind: 'string', metadata: 'V1ObjectMeta' };
}
