import { option } from '../../foundation/node/options.ts';

const ACCOUNT = { pattern: /^\d{12}$/, expected: 'give 12 digits, such as 111122223333' };

export const ACCOUNT_ID = option.text('account-id ID', 'use this account id, 12 digits', {
  default: '111122223333',
  form: ACCOUNT,
});
export const SECOND_ACCOUNT = option.text(
  'second-account ID',
  'add a second account, 12 digits; the JSON object then has its key as secondAccount',
  { form: ACCOUNT },
);
export const REGION = option.text('region REGION', 'use this region', {
  default: 'us-west-2',
  form: { pattern: /^[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}$/, expected: 'give a region, such as us-west-2' },
});
export const WORLD = option.text('world FILE', 'create the roles, associations, buckets and users of this file');
