export type { RunningWebhook, ServiceAccount, ServiceAccountSource, WebhookOptions } from './options.ts';
export { startWebhook } from './server/start.ts';
