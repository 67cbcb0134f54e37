package awscloud

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// table is one DynamoDB table. The compare-and-swap is a condition on the revision
// in the same request as the write, which DynamoDB evaluates atomically. Reads ask
// for strong consistency.
type table struct {
	name   string
	client func() *dynamodb.Client
	read   func(*dynamodb.Options)
}

// Placeholders of attribute names, so that no reserved word of DynamoDB's can bite.
var attributeNames = map[string]string{
	"#pk": contract.AttrPartition, "#sk": contract.AttrSort, "#rev": contract.AttrRevision,
}

func names(placeholders ...string) map[string]string {
	to := make(map[string]string, len(placeholders))
	for _, p := range placeholders {
		to[p] = attributeNames[p]
	}
	return to
}

func newTable(s *session, name string) *table {
	return &table{
		name:   name,
		client: sync.OnceValue(func() *dynamodb.Client { return dynamodb.NewFromConfig(s.cfg) }),
		read:   func(o *dynamodb.Options) { o.Retryer, o.HTTPClient = s.again, s.reads },
	}
}

func (t *table) Get(ctx context.Context, partition, sort string) (cloud.Item, error) {
	out, err := t.client().GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(t.name), Key: key(partition, sort), ConsistentRead: aws.Bool(true),
	}, t.read)
	if err != nil {
		return cloud.Item{}, failure(err)
	}
	if len(out.Item) == 0 {
		return cloud.Item{}, &cloud.Error{
			Kind: cloud.NotFound, Service: serviceDynamoDB, Action: "GetItem",
			Message: fmt.Sprintf("table %s has no item %s / %s", t.name, partition, sort),
		}
	}
	return itemOf(out.Item)
}

func (t *table) Query(ctx context.Context, partition, prefix string) ([]cloud.Item, error) {
	in := &dynamodb.QueryInput{
		TableName: aws.String(t.name), ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  names("#pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": str(partition)},
	}
	if prefix != "" { // DynamoDB refuses an empty string here
		in.KeyConditionExpression = aws.String("#pk = :pk AND begins_with(#sk, :sk)")
		in.ExpressionAttributeNames = names("#pk", "#sk")
		in.ExpressionAttributeValues[":sk"] = str(prefix)
	}
	var found []cloud.Item
	pages := dynamodb.NewQueryPaginator(t.client(), in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, t.read)
		if err != nil {
			return nil, failure(err)
		}
		for _, attributes := range page.Items {
			item, err := itemOf(attributes)
			if err != nil {
				return nil, err
			}
			found = append(found, item)
		}
	}
	return found, nil
}

func (t *table) Put(ctx context.Context, item cloud.Item, prev int64) error {
	body, err := document(item.Body)
	if err != nil {
		return invalid(serviceDynamoDB, "PutItem", fmt.Sprintf("item %s / %s: %v", item.Partition, item.Sort, err))
	}
	attributes := key(item.Partition, item.Sort)
	attributes[contract.AttrRevision] = num(item.Next(prev))
	attributes[contract.AttrBody] = body
	if !item.Expires.IsZero() {
		attributes[contract.AttrExpires] = num(item.Expires.Unix())
	}
	in := &dynamodb.PutItemInput{TableName: aws.String(t.name), Item: attributes}
	if prev == 0 {
		in.ConditionExpression, in.ExpressionAttributeNames = aws.String("attribute_not_exists(#pk)"), names("#pk")
	} else {
		in.ConditionExpression, in.ExpressionAttributeNames = aws.String("#rev = :prev"), names("#rev")
		in.ExpressionAttributeValues = map[string]types.AttributeValue{":prev": num(prev)}
	}
	_, err = t.client().PutItem(ctx, in)
	return failure(err)
}

func (t *table) Delete(ctx context.Context, partition, sort string, prev int64) error {
	_, err := t.client().DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: aws.String(t.name), Key: key(partition, sort),
		ConditionExpression: aws.String("#rev = :prev"), ExpressionAttributeNames: names("#rev"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":prev": num(prev)},
	})
	return failure(err)
}

func itemOf(attributes map[string]types.AttributeValue) (cloud.Item, error) {
	partition, ok1 := attributes[contract.AttrPartition].(*types.AttributeValueMemberS)
	sort, ok2 := attributes[contract.AttrSort].(*types.AttributeValueMemberS)
	if !ok1 || !ok2 {
		return cloud.Item{}, invalid(serviceDynamoDB, "read", fmt.Sprintf("an item's key attributes %s and %s are not both strings", contract.AttrPartition, contract.AttrSort))
	}
	item := cloud.Item{Partition: partition.Value, Sort: sort.Value}
	fail := func(err error) (cloud.Item, error) {
		return cloud.Item{}, invalid(serviceDynamoDB, "read", fmt.Sprintf("item %s / %s: %v", item.Partition, item.Sort, err))
	}
	revision, err := integer(attributes, contract.AttrRevision)
	if err != nil {
		return fail(err)
	}
	item.Revision = revision
	body, ok := attributes[contract.AttrBody].(*types.AttributeValueMemberM)
	if !ok {
		return fail(fmt.Errorf("attribute %s is not a map", contract.AttrBody))
	}
	if item.Body, err = undocument(body); err != nil {
		return fail(err)
	}
	if attributes[contract.AttrExpires] != nil {
		seconds, err := integer(attributes, contract.AttrExpires)
		if err != nil {
			return fail(err)
		}
		item.Expires = time.Unix(seconds, 0).UTC()
	}
	return item, nil
}

func integer(attributes map[string]types.AttributeValue, name string) (int64, error) {
	n, ok := attributes[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("attribute %s is not a number", name)
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("attribute %s is not an integer: %w", name, err)
	}
	return v, nil
}

func key(partition, sort string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{contract.AttrPartition: str(partition), contract.AttrSort: str(sort)}
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
