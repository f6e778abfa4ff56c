import { objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import type { Surroundings, Values } from '../deployment/deployment.ts';

/** By type: the property with the name, the ARN, and what `Ref` returns (CloudFormation Template Reference, "Return values"). */
const NAMES: Readonly<Record<string, readonly [property: string, arn: string, ref: 'name' | 'arn']>> = {
  'S3::Bucket': ['BucketName', 's3:::NAME', 'name'],
  'SQS::Queue': ['QueueName', 'sqs:REGION:ACCOUNT:NAME', 'name'],
  'SNS::Topic': ['TopicName', 'sns:REGION:ACCOUNT:NAME', 'arn'],
  'DynamoDB::Table': ['TableName', 'dynamodb:REGION:ACCOUNT:table/NAME', 'name'],
  'KMS::Key': ['', 'kms:REGION:ACCOUNT:key/NAME', 'name'],
  'SecretsManager::Secret': ['Name', 'secretsmanager:REGION:ACCOUNT:secret:NAME-AbCdEf', 'arn'],
  'Kinesis::Stream': ['Name', 'kinesis:REGION:ACCOUNT:stream/NAME', 'name'],
  'Lambda::Function': ['FunctionName', 'lambda:REGION:ACCOUNT:function:NAME', 'name'],
  'Logs::LogGroup': ['LogGroupName', 'logs:REGION:ACCOUNT:log-group:NAME:*', 'name'],
  'ECR::Repository': ['RepositoryName', 'ecr:REGION:ACCOUNT:repository/NAME', 'name'],
  'EFS::FileSystem': ['', 'elasticfilesystem:REGION:ACCOUNT:file-system/NAME', 'name'],
  'StepFunctions::StateMachine': ['StateMachineName', 'states:REGION:ACCOUNT:stateMachine:NAME', 'arn'],
  'Events::EventBus': ['Name', 'events:REGION:ACCOUNT:event-bus/NAME', 'name'],
};

/**
 * Returns names for resources and parameters that get theirs at deployment. A name is the same for the same logical id, so that it is
 * the same before and after.
 */
export function templateValues(
  template: JsonObject,
  { accountId = '111122223333', region = 'us-west-2' }: Surroundings,
): Values {
  const resources = Object.entries(objectOf(template['Resources'])).flatMap(([id, one]) => {
    const { Type: type, Properties: properties } = objectOf(one);
    const form = NAMES[String(type).replace('AWS::', '')];
    if (form === undefined) return [];
    const given = textOf(objectOf(properties)[form[0]]);
    // The resolver knows named buckets.
    if (type === 'AWS::S3::Bucket' && given !== undefined) return [];
    const name = given ?? `${id.toLowerCase()}-after-deployment`;
    const arn = `arn:aws:${form[1].replace('REGION', region).replace('ACCOUNT', accountId).replace('NAME', name)}`;
    return [
      [id, form[2] === 'arn' ? arn : name],
      [`${id}.Arn`, arn],
    ];
  });
  const parameters = Object.entries(objectOf(template['Parameters'])).flatMap(([id, one]) => {
    const { Default: value, Type: type } = objectOf(one);
    return value === undefined && type === 'String' && !/arn$/i.test(id) ? [[id, `${id.toLowerCase()}-parameter`]] : [];
  });
  return Object.fromEntries([
    ['AWS::AccountId', accountId],
    ['AWS::Region', region],
    ...resources,
    ...parameters,
  ]) as Values;
}
