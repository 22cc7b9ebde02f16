package proxy

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A setup is what the tests run over: who speaks HTTP/1.1, and what services speak. TestMain runs all of them over each, so
// that whatever one of them does otherwise is a finding.
type setup struct {
	std bool // net/http speaks HTTP/1.1, to clients and endpoints; else our own engine does
	h2c bool // services that a test says nothing else of speak HTTP/2
	tls bool // clients come by TLS; only for the tests that say (overTLSToo)
	h3  bool // clients come by HTTP/3; only for the tests that say (overHTTP3Too)
}

func (s setup) String() string {
	front, back := "http1", "HTTP/1.1"
	if s.std {
		front = "net/http"
	}
	if s.h2c {
		back = "h2c"
	}
	if s.tls {
		front += " over TLS"
	}
	if s.h3 {
		front = "HTTP/3"
	}
	return front + " and services that speak " + back
}

// scheme is that of a service's endpoints.
func (s setup) scheme() string {
	if s.h2c {
		return "h2c"
	}
	return "http"
}

var setups = []setup{{}, {std: true}, {h2c: true}, {std: true, h2c: true}, {tls: true}, {h3: true}}

// now is the setup of this run.
var now setup

// excepted are the tests that have no meaning over some setups. Nothing else is skipped: a difference has to be named here.
var excepted = []struct {
	over  func(setup) bool
	why   string
	tests []string
}{
	{
		func(s setup) bool { return s.h2c }, "these are about what an HTTP/1.1 service says, byte by byte, or about its silence",
		[]string{
			"TestOldClientSeesThatAnAnswerWasCutShort", "TestResponsesEndAsTheirHeadsSay", "TestBytesBehindAResponseReachNobody",
			"TestBytesThatComeLateReachNobody", "TestEarlyAnswerToALongBodyArrives", "TestKeptConnectionThatTheEndpointClosedIsNoNews",
			"TestEndpointThatDoesNotAnswerInTimeIs504", "TestWhoeverStopsReadingIsGivenUp", "TestStatusThatIsNoneIs502",
			"TestHintsForAClientThatHasLeftHurtNobody", "TestSteadyGetAllocatesNothing", "TestPlainRequestIsLoggedWithoutAllocating", "TestUploadMayTakeLongerThanTheTimeForTheAnswer",
			"TestEndpointThatTakesNoMoreOfTheRequestIs504", "TestEndpointThatPausesIsNotTheClientsFault", "TestEachFaultHasItsStatusItsLineAndItsCause",
			"TestEachFaultIsInTheDocs",
		},
	},
	{
		func(s setup) bool { return s.h2c }, "HTTP/2 has no 101 (RFC 9113, 8.6)",
		[]string{
			"TestAWebSocketComesOverHTTP2", "TestUpgradedConnectionCarriesBothWays", "TestWebSocketsComeByHTTP3", "TestServiceThatSwitchesProtocolsUnaskedIsFaulty",
			"TestWebsocketsNeedThePasswordToo", "TestTunnelsMayTakeLongerThanRequests", "TestA101HasTheFieldsThatFiltersGiveToAnswers", "TestTunnelIsLoggedAtItsEnd", "TestTunnelsPassFiltersAndHoldTheirPlace", "TestARouteTriesOneEndpointAgainWhenItIsTold", "TestClientThatHasSaidAllInATunnelStillHearsTheEnd", "TestShutdownCutsWhatTheGraceTimeDoesNotCover",
		},
	},
	{
		func(s setup) bool { return s.h2c }, "these have services of several schemes, or none that is asked",
		[]string{
			"TestEndpointThatIsSilentDuringTLSTimesOutAndAnotherIsAsked", "TestHTTP2ServicesAreSpokenToInClear",
			"TestSilentClientOfATunnelWhoseEndpointHasGoneIsLetGo", "TestTakenAddressIsAnErrorThatNamesTheEntryPoint", "TestExceptedTestsAreThere",
			"TestCallsOfGRPCPassWithAllThatBelongsToThem", "TestCallsOfOneConnectionAreBalanced", "TestCallThatItsClientCancelsEndsAtTheServerAtOnce",
			"TestCallThatItsServerResetsEndsForItsClient", "TestStatusOfACallArrivesThoughItsClientHasMoreToSay", "TestAnswerOfTrailersAloneStaysOne",
			"TestWebSocketsCarryEachKindOfFrame", "TestWebSocketsDoNotCareHowTheirBytesCome", "TestPingIsAnsweredInTheMiddleOfAMessage",
			"TestClosingHandshakeOfAWebSocketPasses", "TestServerOfAWebSocketHearsOfEachFault", "TestMessagesOf16MBPassWholeAndInFragments",
			"TestClientOfAWebSocketThatDoesNotListenIsWaitedFor", "TestServerOfAWebSocketThatDoesNotListenIsWaitedFor", "TestWebSocketEndsWhenEitherEndIsGone", "TestWebSocketMayAgreeOnCompression",
			"TestHandshakeThatIsRefusedMayBeTriedAgain", "TestUpgradesReachServicesOfTLS",
		},
	},
	{
		func(s setup) bool { return s.h2c }, "a connection is the same whatever services of HTTP speak",
		[]string{
			"TestTLSGoesOnUntouchedToTheServiceThatItsNameIsFor", "TestTLSIsEndedForAServiceThatSpeaksNone", "TestEndpointsAreSpokenToByTLSWhereTheirServiceWantsIt",
			"TestAConnectionThatNoRouteIsForIsClosedAndCounted", "TestConnectionsWithoutTLSGoToARouteForAllOfThem", "TestARouteForAllConnectionsIsTriedBehindTheOthers",
			"TestAServerThatSpeaksFirstIsHeardBesideRoutesOfTLS", "TestAClientHelloMayComeInAnyPieces", "TestWhoDoesNotSayWhereToIsLetGoAndCounted",
			"TestTenMegabytesArriveBothWays", "TestASideThatHasSaidAllStillHearsTheOther", "TestTheTerminationDelayBoundsWhoGoesOnAlone",
			"TestConnectionsOutliveTheEndpointsRetirementUntilItsDrainIsOver", "TestAShutdownWaitsForConnectionsAndCutsThemAtItsEnd",
			"TestAShutdownIsOverWithTheLastConnection", "TestNoConnectionIsLostWhileEndpointsAreReplaced", "TestConnectionsAreSpreadAsWeightsSay", "TestAnEndpointThatRefusesIsPassedOverForAnother",
			"TestConnectionsWaitForAnEndpoint", "TestAConnectionToAServiceWithoutEndpointsIsClosedAndCounted", "TestFiltersOfTCPRoutesKeepOut",
			"TestEndpointsAreToldOfTheClientByTheProxyProtocol", "TestAConnectionIsALineOfTheAccessLog",
		},
	},
	{
		func(s setup) bool { return s.std }, "net/http closes an answer that was cut short for a 1.0 client as if it were whole",
		[]string{"TestOldClientSeesThatAnAnswerWasCutShort"},
	},
	{
		func(s setup) bool { return s.std }, "net/http sees what came unasked on a kept connection only if it looks before the next request does",
		[]string{"TestBytesBehindAResponseReachNobody", "TestBytesThatComeLateReachNobody", "TestKeptConnectionThatTheEndpointClosedIsNoNews"},
	},
	{
		func(s setup) bool { return s.std }, "net/http has its own clock, and no time-out for bodies",
		[]string{
			"TestSlowClientsAreGivenUp", "TestWhoeverStopsReadingIsGivenUp", "TestEndpointIsLeftWhenTheClientIsGone",
			"TestEndpointThatDoesNotAnswerInTimeIs504", "TestClientsThatAreTooSlowAreCounted", "TestEndpointThatTakesNoMoreOfTheRequestIs504",
			"TestAMessageThatDoesNotComeIsGivenUp",
		},
	},
	{
		func(s setup) bool { return s == setup{} }, "our engine counts seconds by ticks: TestEndpointThatDoesNotAnswerInTimeIs504",
		[]string{"TestServiceThatNetHTTPAsksAndThatDoesNotAnswerInTimeIs504"},
	},
	{func(s setup) bool { return s.h2c }, "the kernel loses packets of one protocol as of the other, and it takes a while", []string{"TestLostPacketsCostNoRequest"}},
	{func(s setup) bool { return s.std }, "net/http reads the rest of a short body, and goes on", []string{"TestAnAnswerThatEndsItsConnectionSaysSo"}},
	{func(s setup) bool { return s.std }, "net/http says in words of its own what is no request", []string{"TestWhatIsNoRequestIsRefusedInWordsOfMessages"}},
	{func(s setup) bool { return s.std }, "net/http resets who sends more than a little of a body that is not wanted", []string{"TestTwoMebibytesAreTooMuch"}},
	{
		func(s setup) bool { return s.std || s.h2c }, "net/http by itself has no gate; and what is behind the router makes no difference to it",
		[]string{"TestH2specFindsNothingNew", "TestFloodsOfHTTP2EndTheirConnectionAndNobodyElses", "TestBusyClientsOfHTTP2AreNoFlood"},
	},
	{func(s setup) bool { return s.std }, "net/http allocates", []string{"TestSteadyGetAllocatesNothing", "TestASteadyActAllocatesNothing", "TestPlainRequestIsLoggedWithoutAllocating"}},
}

// overTLSToo are the tests that run a last time with clients that come by TLS: what they say is about the client's connection, and
// goes another way there.
var overTLSToo = []string{
	"TestWhatIsRefusedIsCountedByCause", "TestRequestsWaitForAServiceThatHasNoEndpointForAMoment", "TestAClientThatLeavesNoLongerWaits",
	"TestAnAnswerThatEndsItsConnectionSaysSo", "TestWhoHasConnectedButNotAskedIsServedByARouterThatLeaves",
	"TestKeptConnectionLearnsWithItsNextAnswerThatTheRouterLeaves", "TestRefusedBodyIsNotReadAndTheConnectionTellsTheTruth",
	"TestWebsocketsNeedThePasswordToo", "TestClientThatHasSaidAllMayTakeItsTimeToRead", "TestRequestThatTakesLongerThanItMayIsGivenUp",
	"TestTunnelsMayTakeLongerThanRequests", "TestPathKeepsTheVeryBytesTheClientSent", "TestResponseCutShortByItsEndpointIsCutShortForTheClient",
	"TestBothBodiesStreamAtTheSameTime", "TestTrailersPassBothWays", "TestExpectationIsAnsweredByTheService", "TestEarlyHintsPassOn",
	"TestShutdownLetsWhatIsInFlightFinish", "TestShutdownCutsWhatTheGraceTimeDoesNotCover",
	"TestHeadOfAStreamIsNotHeldBackUntilItsFirstBytes", "TestClientThatHasSaidAllInATunnelStillHearsTheEnd",
	"TestBodyThatNobodyReadsDoesNotCostTheNextRequest", "TestBodiesOfAnySizeArriveWhole", "TestRequestsMayComeInAnyPieces",
	"TestOldClientsAreAnsweredInTheirWay", "TestOldClientSeesThatAnAnswerWasCutShort", "TestEarlyAnswerToALongBodyArrives",
	"TestClientThatBreaksItsBodyReachesTheEndpointAsABrokenBody", "TestSlowClientsAreGivenUp", "TestEndpointIsLeftWhenTheClientIsGone",
	"TestSilentConnectionsDoNotHoldARouterThatLeaves", "TestWhoeverStopsReadingIsGivenUp", "TestAnsweredRequestDoesNotWaitForTheRestOfItsBody",
	"TestWebSocketsCarryEachKindOfFrame", "TestWebSocketsDoNotCareHowTheirBytesCome", "TestPingIsAnsweredInTheMiddleOfAMessage",
	"TestClosingHandshakeOfAWebSocketPasses", "TestServerOfAWebSocketHearsOfEachFault", "TestMessagesOf16MBPassWholeAndInFragments",
	"TestClientOfAWebSocketThatDoesNotListenIsWaitedFor", "TestServerOfAWebSocketThatDoesNotListenIsWaitedFor", "TestWebSocketEndsWhenEitherEndIsGone", "TestWebSocketMayAgreeOnCompression",
	"TestHandshakeThatIsRefusedMayBeTriedAgain", "TestUpgradesReachServicesOfTLS",
}

// overHTTP3Too are the tests that run once more with clients that come by HTTP/3: those that ask as any client may, and look for
// nothing that is said in HTTP/1.1 alone, or in clear.
var overHTTP3Too = []string{
	"TestWhoWaitsInVainIsToldWhenToComeAgain", "TestWeightedServicesShareExactly", "TestClientsStickToTheirPart",
	"TestFailoverLeadsToTheFallbackAndBack", "TestMirrorsGetCopiesAndTheRequestDoesNotWait",
	"TestEarlyAnswerToACopiedBodyLeavesTheNextRequestAlone", "TestClientOfAPartThatCannotAnswerIsLedToAnother",
	"TestBodiesThatWaitForTheirEndAreKeptUpToABound", "TestWhoIsLedToAServiceThatIsFullIsTold",
	"TestPasswordOpensARouteInEveryFormOfHtpasswd", "TestRefusalOfBasicAuthIsTraefiks", "TestGarbageForCredentialsIsRefused",
	"TestUsersOfAFileCountBeforeThoseOfTheLabel", "TestNoUsersMeansNobody", "TestDigestIsAskedForAndBelievedOnce",
	"TestFiltersKeepWhatTheyKnowWhileTablesAreSwapped", "TestWhiteListLetsInWhomItNames", "TestEntryPointsHaveLocksOfTheirOwn",
	"TestTrustedClientsSpeakForThemselvesToThePermissionServer", "TestDenialIsTheClientsAnswer",
	"TestNoPermissionServerMeansNoPermission", "TestPermissionThatIsSlowIsLeftWhenTheClientIsGone",
	"TestPermissionServerSeesTheBodyIfItIsTo", "TestAClosedRouteAnswers503WhateverIsBehindIt",
	"TestAServiceThatIsStoppedForAWhileLosesNoRequest", "TestPathFiltersActAtTheirPlace", "TestClientIPOfARuleIsTheConnections",
	"TestARequestThatIsSentOnceAtMostGoesByAConnectionThatIsStillWarm", "TestRequestReachesItsServiceAsItsRuleSays",
	"TestHostIsTheClientsUnlessTheRouteSaysOtherwise", "TestRouterAnswersForItself", "TestRefusedDialGoesElsewhereForAnyMethod",
	"TestRequestWhoseEndpointDiesBeforeAnsweringIsRepeatedOnlyWhenThatIsSafe", "TestBothBodiesStreamAtTheSameTime",
	"TestTrailersPassBothWays", "TestTrailersThatBelongInTheHeadAreDropped", "TestEarlyHintsPassOn",
	"TestStickyClientStaysAndMovesWhenItsEndpointIsGone", "TestConnectionLimitCountsByKeyAndReleases",
	"TestNoRequestIsLostWhileTablesAreSwapped", "TestHTTP2ServicesAreSpokenToInClear",
	"TestServiceOfHTTP2AnswersARequestForAnUpgradeInItsOwnProtocol", "TestServiceThatSwitchesProtocolsUnaskedIsFaulty",
	"TestStatusThatIsNoneIs502", "TestHeadOfAStreamIsNotHeldBackUntilItsFirstBytes", "TestUpgradeToClearTextHTTP2IsNotPassedOn",
	"TestRequestWithoutABodyThatIsNotIdempotentIsSentOnce", "TestRequestToAnEndpointThatHasLeftIsCutWhenItsTimeToDrainIsOver",
	"TestBodyThatNobodyReadsDoesNotCostTheNextRequest", "TestLongBodiesAndTunnelsPassBehindAProxyHeader",
	"TestForwardedAddressOfAStrangerIsNotLogged", "TestFullServiceIsToldFromAFullEndpoint", "TestJSONLineTellsOfBothSidesOfTheRouter",
	"TestRetriesAreLogged", "TestErrorsAreToldToWhoeverListens", "TestBytesSentAreCounted",
	"TestPagesOfTheRouterWinOverRoutesAndStayBehindTheEntryPointsLocks", "TestEntryPointRedirectNamesTheOthersPort",
	"TestRedirectTemplateThatIsNotKnownClosesItsRoute", "TestHostThatAFilterSetsIsTheEndpointsAlone",
	"TestPagesOfOtherOriginsAreAnsweredAsTheSiteSays", "TestWhatAClientSaysOfItsCertificateIsNotBelieved",
	"TestTypeIsGuessedWhereThereIsNoneAndTheStreamFlows", "TestAPageThatFailsLeavesTheFirstAnswer", "TestBufferedBodiesAreWholeOrRefused",
	"TestBufferedRequestsAreReplayedWithTheirBody", "TestWhatALimitRefusesIsNotReplayed", "TestRateLimitsCountByKeyAndOutliveTables",
	"TestRequestsInFlightAreBoundedByKey", "TestBreakersTripRestRecoverAndOutliveTables", "TestAttemptsBoundTheTries",
	"TestARouteTriesOneEndpointAgainWhenItIsTold", "TestCompressFilterHasOptions", "TestBodiesOfAnySizeArriveWhole",
	"TestBytesBehindAResponseReachNobody", "TestBytesThatComeLateReachNobody", "TestKeptConnectionThatTheEndpointClosedIsNoNews",
}

// exceptions is the pattern of what is not to run over the setup.
func (s setup) exceptions() string {
	var all []string
	if s.tls {
		tests, _ := testNames()
		all = slices.DeleteFunc(tests, func(name string) bool { return slices.Contains(overTLSToo, name) })
	}
	if s.h3 {
		tests, _ := testNames()
		all = slices.DeleteFunc(tests, func(name string) bool { return slices.Contains(overHTTP3Too, name) })
	}
	for _, e := range excepted {
		if e.over(s) {
			all = append(all, e.tests...)
		}
	}
	return "^(" + strings.Join(all, "|") + ")$"
}

// setupOf is the variable that names the only setup to run over, for tests that run in a process of their own.
const setupOf = "PROXY_TEST_SETUP"

// only is the environment of such a process.
func (s setup) only() string { return fmt.Sprintf("%s=%d", setupOf, slices.Index(setups, s)) }

func TestMain(m *testing.M) {
	serveIfAsked()
	flag.Parse()
	skip := flag.Lookup("test.skip").Value
	asked := skip.String()
	if flag.Lookup("test.bench").Value.String() != "" {
		setups = setups[:1] // a second run would write over a profile
	}
	if n, err := strconv.Atoi(os.Getenv(setupOf)); err == nil {
		setups = setups[n : n+1]
	}
	for _, now = range setups {
		pattern := now.exceptions()
		if asked != "" {
			pattern += "|" + asked
		}
		skip.Set(pattern)
		if code := m.Run(); code != 0 {
			fmt.Fprintln(os.Stderr, "over", now)
			os.Exit(code)
		}
	}
}

// testNames are those of all functions beside the tests.
func testNames() (names []string, err error) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names, nil
}

func TestExceptedTestsAreThere(t *testing.T) {
	there, err := testNames()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(overTLSToo, overHTTP3Too) {
		if !slices.Contains(there, name) {
			t.Errorf("%s is no test, and cannot run over TLS or HTTP/3", name)
		}
	}
	for _, e := range excepted {
		for _, name := range e.tests {
			if !slices.Contains(there, name) {
				t.Errorf("%s is no test, and cannot be excepted because %s", name, e.why)
			}
		}
	}
}

// servedBy is the variable that makes a process of this program a service of the scheme that it names.
const servedBy = "PROXY_TEST_SERVES"

// serveIfAsked tells the address and echoes what is said to it.
func serveIfAsked() {
	scheme := os.Getenv(servedBy)
	if scheme == "" {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	server := http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		w.Write(body)
	})}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.Serve(l)
	os.Exit(0)
}
