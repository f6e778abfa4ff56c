//! The AWS SDK for Rust. Serves foundation/client-protocol.ts on standard input and output.
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use serde_json::{json, Value};
use std::io::BufRead;
use std::sync::Arc;
use tokio::sync::Barrier;

struct Clients {
    s3: aws_sdk_s3::Client,
    sts: aws_sdk_sts::Client,
}

#[tokio::main]
async fn main() {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    // With a custom endpoint, put the bucket in the path: the endpoint may be an address without subdomains.
    let path_style = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(path_style).build();
    let clients = Arc::new(Clients {
        s3: aws_sdk_s3::Client::from_conf(s3),
        sts: aws_sdk_sts::Client::new(&config),
    });
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.expect("a line")).expect("a request");
        let mut answer = answer_all(&clients, &request).await;
        without_nulls(&mut answer);
        answer["id"] = request["id"].clone();
        println!("client-answer {answer}");
    }
}

/// Removes null members, such as a missing request ID.
fn without_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(without_nulls);
    }
}

/// Performs concurrent operations and returns their first error, or else their first answer.
async fn answer_all(clients: &Arc<Clients>, request: &Value) -> Value {
    let count = request["atOnce"].as_u64().unwrap_or(1) as usize;
    let begin = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (clients, begin, operation) = (clients.clone(), begin.clone(), request["operation"].clone());
            tokio::spawn(async move {
                begin.wait().await;
                perform(&clients, &operation).await.unwrap_or_else(|error| json!({ "error": error }))
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("an answer"));
    }
    let chosen = answers.iter().find(|answer| answer.get("error").is_some());
    chosen.unwrap_or(&answers[0]).clone()
}

async fn perform(clients: &Clients, operation: &Value) -> Result<Value, Value> {
    let text = |name: &str| operation[name].as_str().unwrap_or_default().to_string();
    if !operation["through"].is_null() || !operation["tags"].is_null() {
        return Err(json!({ "code": "NotImplemented", "message": "this client does not support roles and tags" }));
    }
    match text("do").as_str() {
        "GetCallerIdentity" => {
            let answer = clients.sts.get_caller_identity().send().await.map_err(|error| error_json("sts", error))?;
            let (arn, account) = (answer.arn().unwrap_or_default(), answer.account().unwrap_or_default());
            Ok(json!({ "identity": { "arn": arn, "account": account }, "requestId": answer.request_id() }))
        }
        "GetObject" => {
            let request = clients.s3.get_object().bucket(text("bucket")).key(text("key"));
            let answer = request.send().await.map_err(|error| error_json("s3", error))?;
            let request_id = answer.request_id().map(String::from);
            let body = answer.body.collect().await.map_err(|error| unanswered(&error))?;
            Ok(json!({ "facts": { "bytes": body.into_bytes().len() }, "requestId": request_id }))
        }
        "PutObject" => {
            let request = clients.s3.put_object().bucket(text("bucket")).key(text("key"));
            let body = aws_sdk_s3::primitives::ByteStream::from_static(b"written by a probe");
            let answer = request.body(body).send().await.map_err(|error| error_json("s3", error))?;
            Ok(json!({ "facts": {}, "requestId": answer.request_id() }))
        }
        other => Err(json!({ "code": "NotImplemented", "message": format!("this client does not support {other}") })),
    }
}

type Response = aws_sdk_s3::config::http::HttpResponse;

/// Converts an error to the protocol's format, with the service's fields if there was a response.
fn error_json<E>(service: &str, error: SdkError<E, Response>) -> Value
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
{
    let Some(response) = error.raw_response() else {
        return unanswered(&error);
    };
    let status = response.status().as_u16();
    let request_id = error.request_id().map(String::from);
    json!({
        "service": service, "status": status, "requestId": request_id,
        "code": error.code().map_or_else(|| status.to_string(), String::from),
        "message": error.message().unwrap_or_default(),
    })
}

/// Returns all causes, because the innermost one is the most informative.
fn unanswered(error: &(dyn std::error::Error + 'static)) -> Value {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    json!({ "code": "NoCredentials", "message": causes.join(": ") })
}
