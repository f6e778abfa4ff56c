export { watchConfigMap } from './api-server/config-map.ts';
export { ServiceAccountCache } from './api-server/service-accounts.ts';
export type { RunningWebhook, ServiceAccount, WebhookOptions } from './options.ts';
export { startWebhook } from './server/start.ts';
