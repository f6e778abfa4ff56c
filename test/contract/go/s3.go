package main

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var bucket = aws.String("go-contract")

func putObject(bucket *string, key, body string) {
	must(s3Client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader(body)}))
}

// textOf returns the body of a GetObject response.
func textOf(answer *s3.GetObjectOutput, err error) string {
	succeeds(err)
	defer answer.Body.Close()
	return string(must(io.ReadAll(answer.Body)))
}

func getObject(bucket *string, key string) *s3.GetObjectInput {
	return &s3.GetObjectInput{Bucket: bucket, Key: &key}
}

func makeBucket(bucket *string) {
	must(s3Client.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(administrator.Region),
		},
	}))
}

// emptyAndDeleteBucket deletes a bucket and all its objects.
func emptyAndDeleteBucket(bucket *string) {
	pages := s3.NewListObjectsV2Paginator(s3Client, &s3.ListObjectsV2Input{Bucket: bucket})
	for pages.HasMorePages() {
		var keys []types.ObjectIdentifier
		for _, each := range must(pages.NextPage(ctx)).Contents {
			keys = append(keys, types.ObjectIdentifier{Key: each.Key})
		}
		deleted := must(s3Client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: keys}}))
		equal(len(deleted.Deleted), len(keys))
	}
	must(s3Client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}))
}

func objects() {
	makeBucket(bucket)
	const body = "some text"
	must(s3Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("a/key"), Body: strings.NewReader(body), ContentType: aws.String("text/plain"),
		Metadata: map[string]string{"team": "red"}, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	}))
	request := getObject(bucket, "a/key")
	request.ChecksumMode = types.ChecksumModeEnabled
	answer := must(s3Client.GetObject(ctx, request))
	equal(textOf(answer, nil), body)
	sum := md5.Sum([]byte(body))
	equal(aws.ToString(answer.ETag), `"`+hex.EncodeToString(sum[:])+`"`)
	equal(aws.ToString(answer.ContentType), "text/plain")
	equal(answer.Metadata, map[string]string{"team": "red"})
	// The SDK would log that a range of an object has no checksum.
	quiet := func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true }
	request.Range = aws.String("bytes=5-")
	equal(textOf(s3Client.GetObject(ctx, request, quiet)), "text")
}

func oddKeys() {
	keys := []string{
		"/leading", "dot/../dots", "./here", "double//slash", "space and+plus", "percent%20", "percent%2Fslash", "trailing/",
		"ümläut/€", "quote'\"<&>", "?query=a&b", "#fragment", "a:b@c=d,e;f", "tilde~(*)!$", `back\slash`, "[brackets]{braces}|^`",
	}
	for _, key := range keys {
		putObject(bucket, key, key)
	}
	for _, key := range keys {
		equal(textOf(s3Client.GetObject(ctx, getObject(bucket, key))), key)
	}
	var listed []string
	for _, each := range must(s3Client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})).Contents {
		if slices.Contains(keys, *each.Key) {
			listed = append(listed, *each.Key)
		}
	}
	slices.Sort(keys) // by bytes, the order of S3
	equal(listed, keys)
}

func listing() {
	for _, key := range []string{"list/0/a", "list/0/b", "list/0/c", "list/1/a", "list/1/b"} {
		putObject(bucket, key, "")
	}
	var sizes []int
	pages := s3.NewListObjectsV2Paginator(s3Client, &s3.ListObjectsV2Input{
		Bucket: bucket, Prefix: aws.String("list/"), MaxKeys: aws.Int32(2),
	})
	for pages.HasMorePages() {
		sizes = append(sizes, len(must(pages.NextPage(ctx)).Contents))
	}
	equal(sizes, []int{2, 2, 1})
	grouped := must(s3Client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: bucket, Prefix: aws.String("list/"), Delimiter: aws.String("/"),
	}))
	var prefixes []string
	for _, each := range grouped.CommonPrefixes {
		prefixes = append(prefixes, *each.Prefix)
	}
	equal(prefixes, []string{"list/0/", "list/1/"})
}

func presignedURL() {
	signed := must(s3.NewPresignClient(s3Client).PresignGetObject(ctx, getObject(bucket, "space and+plus")))
	answer := must(http.Get(signed.URL))
	defer answer.Body.Close()
	equal(string(must(io.ReadAll(answer.Body))), "space and+plus")
	contains(signed.URL, "X-Amz-Expires=900")
	changed := must(http.Get(strings.Replace(signed.URL, "X-Amz-Expires=900", "X-Amz-Expires=901", 1)))
	defer changed.Body.Close()
	equal(changed.StatusCode, http.StatusForbidden)
	contains(string(must(io.ReadAll(changed.Body))), "<Code>SignatureDoesNotMatch</Code>")
}

func bucketErrors() {
	equal(codeOf(s3Client.GetObject(ctx, getObject(bucket, "none"))), "NoSuchKey")
	equal(codeOf(s3Client.GetObject(ctx, getObject(aws.String("go-no-such-bucket"), "none"))), "NoSuchBucket")
	equal(codeOf(s3Client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})), "BucketNotEmpty")
	taken := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a/key"), IfNoneMatch: aws.String("*")}
	equal(codeOf(s3Client.PutObject(ctx, taken)), "PreconditionFailed")
}

func deleteBucket() {
	emptyAndDeleteBucket(bucket)
	equal(codeOf(s3Client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})), "NoSuchBucket")
}
