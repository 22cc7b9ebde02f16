package admin

import (
	"regexp"
	"strings"
	"testing"
)

func TestServiceNamedLikeMarkupStaysText(t *testing.T) {
	const evil = "<script>alert(1)</script>"
	r := newRouter(t, spec(t, evil, "Host:evil.litup.me", endpoint(evil, "10.0.1.5:80")))
	h := New(r.options()).Handler(all)
	for _, page := range pages[:15] {
		got := ask(t, h, "GET", page)
		kind := got.Header.Get("Content-Type")
		if text := body(t, got); strings.Contains(text, evil) && !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("%s, %s: %s", page, kind, text)
		}
	}
	if !strings.Contains(body(t, ask(t, h, "GET", "/api/overview")), `backend-\u003cscript\u003e`) {
		t.Error("the overview does not have it")
	}
}

// What JSON brings is shown as text; the policy forbids the rest, and browsers that know no policy have nothing to obey.
func TestPageMakesNoMarkupOfWhatItReads(t *testing.T) {
	h := New(newRouter(t).options()).Handler(all)
	script := body(t, ask(t, h, "GET", "/dashboard/dashboard.js"))
	if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|\.href|setAttribute`).FindString(script); found != "" {
		t.Error("the script uses", found)
	}
	page := body(t, ask(t, h, "GET", "/dashboard/"))
	if found := regexp.MustCompile(`<script>|<style|\son\w+=|\sstyle=`).FindString(page); found != "" {
		t.Error("the policy forbids", found)
	}
}

func TestPageAsksNobodyElse(t *testing.T) {
	h := New(newRouter(t).options()).Handler(all)
	for _, page := range []string{"/dashboard/", "/dashboard/dashboard.css", "/dashboard/dashboard.js", "/dashboard/icon.svg"} {
		text := strings.ReplaceAll(body(t, ask(t, h, "GET", page)), "http://www.w3.org/2000/svg", "")
		if found := regexp.MustCompile(`https?://\S+|(?:src|href)="/[^"]*"|url\([^)]*\)|@import`).FindString(text); found != "" {
			t.Errorf("%s has %s: it would not work offline, or below a prefix", page, found)
		}
	}
}

func TestPageIsNotSentTwice(t *testing.T) {
	h := New(newRouter(t).options()).Handler(all)
	for page, kind := range map[string]string{
		"/dashboard/": "text/html", "/dashboard/dashboard.css": "text/css", "/dashboard/dashboard.js": "text/javascript", "/dashboard/icon.svg": "image/svg+xml",
	} {
		got := ask(t, h, "GET", page)
		if !strings.HasPrefix(got.Header.Get("Content-Type"), kind) {
			t.Errorf("%s is %s", page, got.Header.Get("Content-Type"))
		}
		if again := ask(t, h, "GET", page, "If-None-Match: "+got.Header.Get("ETag")); again.StatusCode != 304 {
			t.Errorf("%s: %s", page, again.Status)
		}
	}
}
