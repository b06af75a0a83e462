package admin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// commAPIDescriptor describes the part of the schema that CommAPIData knows, for
// the protobuf library's own decoder.
func commAPIDescriptor(tb testing.TB) protoreflect.MessageDescriptor {
	tb.Helper()
	type spec struct {
		name    string
		number  int32
		kind    descriptorpb.FieldDescriptorProto_Type
		message string
	}
	const (
		text    = descriptorpb.FieldDescriptorProto_TYPE_STRING
		data    = descriptorpb.FieldDescriptorProto_TYPE_BYTES
		number  = descriptorpb.FieldDescriptorProto_TYPE_INT32
		message = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	)
	file := &descriptorpb.FileDescriptorProto{Name: proto.String("comm.proto"), Syntax: proto.String("proto3")}
	for _, m := range []struct {
		name   string
		fields []spec
	}{
		{"KeyValuePair", []spec{{"key", 1, text, ""}, {"value", 2, data, ""}, {"contenttype", 3, text, ""}, {"filename", 4, text, ""}}},
		{"OpenApiData", []spec{{"pairs", 1, message, ".KeyValuePair"}}},
		{"SvrkitApiData", []spec{{"apiName", 1, text, ""}, {"reqData", 2, data, ""}}},
		{"TokenApiData", []spec{{"resourceAppid", 1, text, ""}, {"resourceEnv", 2, text, ""}}},
		{"CommApiData", []spec{
			{"apiType", 1, number, ""}, {"openapiData", 2, message, ".OpenApiData"}, {"svrkitData", 4, message, ".SvrkitApiData"},
			{"tokenData", 5, message, ".TokenApiData"}, {"appid", 6, text, ""},
		}},
	} {
		d := &descriptorpb.DescriptorProto{Name: proto.String(m.name)}
		for _, f := range m.fields {
			label := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
			if f.name == "pairs" {
				label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED
			}
			field := &descriptorpb.FieldDescriptorProto{Name: proto.String(f.name), Number: proto.Int32(f.number), Type: f.kind.Enum(), Label: label.Enum()}
			if f.message != "" {
				field.TypeName = proto.String(f.message)
			}
			d.Field = append(d.Field, field)
		}
		file.MessageType = append(file.MessageType, d)
	}
	built, err := protodesc.NewFile(file, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return built.Messages().ByName("CommApiData")
}

// compareWithLibrary fails t unless the protobuf library reads message as got.
func compareWithLibrary(t *testing.T, descriptor protoreflect.MessageDescriptor, message []byte, got CommAPIData) {
	t.Helper()
	m := dynamicpb.NewMessage(descriptor)
	if err := proto.Unmarshal(message, m); err != nil {
		t.Fatalf("the library refuses it: %v", err)
	}
	get := func(m protoreflect.Message, name protoreflect.Name) protoreflect.Value {
		return m.Get(m.Descriptor().Fields().ByName(name))
	}
	svrkit, token := get(m, "svrkitData").Message(), get(m, "tokenData").Message()
	want := CommAPIData{
		Type:   APIType(get(m, "apiType").Int()),
		Svrkit: SvrkitAPIData{Name: get(svrkit, "apiName").String(), Data: get(svrkit, "reqData").Bytes()},
		Token:  TokenAPIData{ResourceAppID: get(token, "resourceAppid").String(), ResourceEnv: get(token, "resourceEnv").String()},
		AppID:  get(m, "appid").String(),
	}
	pairs := get(get(m, "openapiData").Message(), "pairs").List()
	for i := range pairs.Len() {
		p := pairs.Get(i).Message()
		want.Pairs = append(want.Pairs, KeyValuePair{
			Key: get(p, "key").String(), Value: get(p, "value").Bytes(),
			ContentType: get(p, "contenttype").String(), FileName: get(p, "filename").String(),
		})
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-library +ours):\n%s", diff)
	}
}
