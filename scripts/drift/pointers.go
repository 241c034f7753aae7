// Prints which fields of the Kubernetes API types are pointers to scalars: those keep a zero that is written, all
// others lose it. Run it in a module that requires k8s.io/client-go and k8s.io/apiextensions-apiserver of one release:
//
//	go run pointers.go > pointers.txt
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

var seen = map[reflect.Type]bool{}
var out = map[string][]string{}

func name(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	host := strings.Split(parts[0], ".")
	for i, j := 0, len(host)-1; i < j; i, j = i+1, j-1 {
		host[i], host[j] = host[j], host[i]
	}
	return strings.Join(append(host, append(parts[1:], t.Name())...), ".")
}

func walk(t reflect.Type) {
	for t.Kind() == reflect.Ptr || t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	fields(t, name(t))
}

func fields(t reflect.Type, owner string) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")[0]
		if f.Anonymous && tag == "" {
			e := f.Type
			for e.Kind() == reflect.Ptr { e = e.Elem() }
			if e.Kind() == reflect.Struct { fields(e, owner) }
			continue
		}
		if tag == "" || tag == "-" { continue }
		if f.Type.Kind() == reflect.Ptr {
			switch f.Type.Elem().Kind() {
			case reflect.Bool, reflect.String, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64, reflect.Float32, reflect.Uint8, reflect.Int16, reflect.Uint32, reflect.Uint64:
				out[owner] = append(out[owner], tag)
			}
			if n := f.Type.Elem().Name(); n == "IntOrString" || n == "Quantity" || n == "Duration" || n == "JSON" {
				out[owner] = append(out[owner], tag)
			}
		}
		walk(f.Type)
	}
}

func main() {
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		if strings.HasPrefix(t.PkgPath(), "k8s.io/api") && gvk.Version != "__internal" {
			walk(t)
		}
	}
	walk(reflect.TypeOf(apiext.CustomResourceDefinition{}))
	keys := []string{}
	for k := range out { keys = append(keys, k) }
	sort.Strings(keys)
	for _, k := range keys {
		sort.Strings(out[k])
		fmt.Printf("%s: %s\n", k, strings.Join(out[k], " "))
	}
}
