export { WEBHOOK_FAULTS } from './options.ts';
export type { RunningWebhook, ServiceAccount, ServiceAccountSource, WebhookFault, WebhookOptions } from './options.ts';
export { startWebhook } from './server/start.ts';
