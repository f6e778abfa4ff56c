export type { RunningWebhook, ServiceAccount, WebhookOptions } from './options.ts';
export { startWebhook } from './server/start.ts';
