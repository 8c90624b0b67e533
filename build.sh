#!/usr/bin/env bash
# The one door to CtrPS on any machine: sees what is here, then lets build.ps1 do the task, or dotnet alone where there is no PowerShell.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: ./build.sh <task> [arguments of build.ps1, of the demo or of the benchmarks]
  build     the solution; the finished module lies in output/CtrPS
  test      all tests; the last line is the total
  demo      a private containerd, a real image, the pipeline
  bench     side by side with ctr
  analyze   code style, script analysis, manifest
  docs      help pages against the cmdlets (-Update writes them)
  pack      artifacts/CtrPS.<version>.zip
  clean     removes what the other tasks made
environment:
  CTRPS_FEED=ordinary|restricted   which NuGet feed this is, instead of asking it once a day
TEXT
}

die() {
    echo "build: $*" >&2
    exit 1
}

# .NET, NuGet and PowerShell all write below HOME.
settle_environment() {
    if [[ ! -d ${HOME:-} || ! -w $HOME ]]; then
        export HOME=$PWD/artifacts/home
        mkdir -p "$HOME"
    fi
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
    export POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
    [[ -t 1 ]] || export NO_COLOR=1
}

require_sdk() {
    local version
    [[ -n $(type -P dotnet) ]] || die "the .NET SDK 10 or newer is needed, and there is no dotnet on the PATH (https://dot.net)"
    version=$(dotnet --version) || die "the .NET SDK 10 or newer is needed; 'dotnet --version' says the above"
    ((${version%%.*} >= 10)) || die "the .NET SDK 10 or newer is needed; this is $version"
}

# With a packages folder of its own: the question is what the feed has, not what this machine happens to keep.
ask_feed() {
    DOTNET_CLI_UI_LANGUAGE=en dotnet restore "$1" --packages "$1/packages" --no-http-cache -p:TreatWarningsAsErrors=false
}

# Can the two gRPC contract packages be had? Without them the build takes stand-ins (docs/architecture.md).
# The answer for the build is .restricted-feed, absent or naming what is missing.
probe_feed() {
    local folder=artifacts/feedprobe words missing
    rm -rf "$folder"
    mkdir -p "$folder"
    cat >"$folder/feedprobe.csproj" <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <ItemGroup>
    <PackageVersion Remove="Grpc.Core.Api;Grpc.Net.Common" />
    <PackageVersion Include="Grpc.Core.Api;Grpc.Net.Common" Version="$(GrpcNetClientVersion)" />
    <PackageReference Include="Grpc.Net.Client;Grpc.Net.Common;Grpc.Core.Api" />
  </ItemGroup>
</Project>
XML
    if words=$(ask_feed "$folder" 2>&1); then
        rm -f .restricted-feed
    else
        missing=$(sed -nE 's/.*error NU110[123]: Unable to find (a stable )?package ([A-Za-z0-9.]*[A-Za-z0-9]).*/\2/p' <<<"$words" |
            sort -u | paste -sd, | sed 's/,/, /g')
        case $missing in
            "Grpc.Core.Api" | "Grpc.Net.Common" | "Grpc.Core.Api, Grpc.Net.Common")
                echo "$missing" >.restricted-feed
                ;;
            "")
                grep -E 'error|warn' <<<"$words" >&2 || echo "$words" >&2
                die "the NuGet feed does not answer (above); CTRPS_FEED=ordinary or CTRPS_FEED=restricted goes on without asking it"
                ;;
            *)
                die "the NuGet feed lacks $missing; only Grpc.Core.Api and Grpc.Net.Common can be done without"
                ;;
        esac
    fi
    rm -rf "$folder"
    touch artifacts/.feed-probed
}

settle_feed() {
    case ${CTRPS_FEED:-} in
        ordinary) rm -f .restricted-feed artifacts/.feed-probed ;;
        restricted)
            rm -f artifacts/.feed-probed
            echo "CTRPS_FEED says so" >.restricted-feed
            ;;
        "") [[ -n $(find artifacts/.feed-probed -mmin -1440 2>/dev/null) ]] || probe_feed ;;
        *) die "CTRPS_FEED is '$CTRPS_FEED'; it can be ordinary or restricted" ;;
    esac
    feed="feed ordinary: packages as they are"
    [[ ! -e .restricted-feed ]] || feed="feed restricted ($(sed 's/^Grpc/no Grpc/' .restricted-feed)): stand-in contracts"
}

# Sets pwsh to a PowerShell >= 7.6, or to nothing, and powershell to the words about it.
find_powershell() {
    local version='' home
    pwsh=$(type -P pwsh || true)
    if [[ -n $pwsh ]]; then
        version=$("$pwsh" --version 2>/dev/null || true)
        version=${version#PowerShell }
        if [[ $version =~ ^([0-9]+)\.([0-9]+)\. ]] && ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 7006)); then
            powershell="PowerShell $version at $pwsh"
            return
        fi
        powershell="$pwsh is PowerShell ${version:-of no version it tells}, older than 7.6"
    else
        powershell="no PowerShell on the PATH"
    fi
    pwsh=''
    if [[ -e .restricted-feed ]]; then
        powershell+=", none from a restricted feed"
        return
    fi
    # A local tool has no executable of its own: make one, so that every child finds this PowerShell as pwsh.
    mkdir -p artifacts/tools
    # shellcheck disable=SC2016 # $PSHOME is PowerShell's
    if dotnet tool restore >artifacts/tools/restore.log 2>&1 && home=$(dotnet pwsh -NoProfile -NonInteractive -Command '$PSHOME'); then
        printf '#!/bin/sh\nexec dotnet "%s/pwsh.dll" "$@"\n' "$home" >artifacts/tools/pwsh
        chmod +x artifacts/tools/pwsh
        PATH=$PWD/artifacts/tools:$PATH
        pwsh=$PWD/artifacts/tools/pwsh
        powershell="$("$pwsh" --version) as a dotnet tool"
    else
        powershell+=", and dotnet tool restore brought none (artifacts/tools/restore.log)"
    fi
}

# Packages, containerd generations and images for the rig; as root also what the system's package manager has.
provision() {
    { dotnet build tests/Rig -c Release -v quiet && dotnet run --project tests/Rig -c Release --no-build -- provision >/dev/null; } ||
        echo "build: the rig could not get all it wants (above); what needs it says so" >&2
}

need_powershell() {
    echo "build: $task not done: it needs PowerShell 7.6 or newer" >&2
    exit 69 # EX_UNAVAILABLE: .ci/run tells this from a failure
}

build() {
    dotnet build CtrPS.sln -c Release
}

# What a trx file says: how many tests with an outcome, and by name and reason those that did not pass.
count() {
    grep -c "<UnitTestResult .*outcome=\"$1\"" "$2" || true
}

name_tests() {
    awk '
        function attribute(name) { match($0, " " name "=\"[^\"]*\""); return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) }
        function plain(text) {
            gsub(/&quot;/, "\"", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text); return text
        }
        function tell() {
            if (outcome != "" && outcome != "Passed")
                print "  " (outcome == "NotExecuted" ? "skipped " : "failed ") plain(test) ": " plain(reason == "" ? "no reason given" : reason)
        }
        /<UnitTestResult / { tell(); outcome = attribute("outcome"); test = attribute("testName"); reason = "" }
        /<Message>/ && reason == "" { reason = $0; sub(/.*<Message>/, "", reason); sub(/<\/Message>.*/, "", reason); sub(/\r$/, "", reason) }
        END { tell() }' "$1"
}

test_without_pwsh() {
    local results=artifacts/test-results passed=0 failed=0 skipped=0 project name trx status p f s
    build
    rm -rf "$results"
    mkdir -p "$results"
    for project in tests/*.Tests/*.csproj; do
        name=$(basename "$project" .csproj)
        trx=$results/$name.trx
        p=0 f=0 s=0 status=0
        dotnet test "$project" -c Release --no-build --logger "trx;LogFileName=$name.trx" --results-directory "$results" || status=$?
        if [[ -e $trx ]]; then
            p=$(count Passed "$trx") s=$(count NotExecuted "$trx")
            f=$(($(count '[A-Za-z]*' "$trx") - p - s))
        fi
        {
            if ((p + f + s == 0 && status == 0)); then
                echo "not run: $name: no test in it"
            elif ((f == 0 && status != 0)); then
                f=1
                echo "$name: dotnet test ended with $status and no failed test: counted as one"
            fi
            echo "$name: $p passed, $f failed, $s skipped"
            if [[ -e $trx ]]; then
                name_tests "$trx" | sort
            fi
        } >>"$results/summary.txt"
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    done
    printf '\nSummary\n'
    cat "$results/summary.txt"
    echo "not run: Pester (module surface, isolation, cmdlets end to end): no PowerShell 7.6 here"
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0 && passed > 0))
}

# The pipeline on the engine stand-in. The rig ends when its standard input closes, however we end.
demo_without_pwsh() {
    local daemon address process input
    echo "demo: without PowerShell the pipeline runs on the test stand-in for its engine (tests/standins/PowerShell)"
    build
    coproc RIG { exec dotnet run --project tests/Rig -c Release --no-build -- up --generation 1.6 --load nginx,busybox --namespace k8s.io; }
    # shellcheck disable=SC2153 # coproc sets it
    process=$RIG_PID input=${RIG[1]}
    read -r daemon <&"${RIG[0]}" || die "the private containerd did not start; the lines above say why"
    address=$(sed -nE 's/.*"address":"([^"]*)".*/\1/p' <<<"$daemon")
    echo "A private containerd $(sed -nE 's/.*"version":"([^"]*)".*/\1/p' <<<"$daemon") listens at $address; ctr loaded two images into namespace k8s.io."
    CONTAINERD_ADDRESS=$address dotnet run --project tests/standins/Pwsh -c Release --no-build -- \
        -Command "Get-CtrImage -Namespace k8s.io | Where Size -gt 100MB" \
        -Command "Get-CtrImage nginx:deb -Namespace k8s.io | Add-CtrImageTag -Tag registry.example.com/web/nginx:1 -WhatIf"
    exec {input}>&-
    wait "$process"
}

bench_without_pwsh() {
    dotnet run --project tests/Benchmarks -c Release -- "$@"
}

analyze_without_pwsh() {
    echo "analyze: not checked, they need PowerShell 7.6: scripts, manifest"
    build
    dotnet format CtrPS.sln --verify-no-changes --no-restore
}

clean() {
    shopt -s nullglob
    rm -rf output artifacts {src,tests,tests/standins}/*/{bin,obj}
}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
task=${1:-}
case $task in
    build | test | demo | bench | analyze | docs | pack) shift ;;
    clean)
        clean
        exit
        ;;
    *)
        usage >&2
        exit 2
        ;;
esac

settle_environment
require_sdk
settle_feed
find_powershell
if [[ -n $pwsh ]]; then
    echo "build: $feed; $powershell: build.ps1 does the task."
else
    echo "build: $feed; $powershell: dotnet alone does the task."
fi
case $task in test | demo | bench) provision ;; esac

if [[ -n $pwsh ]]; then
    exec "$pwsh" -NoProfile -NonInteractive -File build.ps1 -Task "$task" "$@"
fi
case $task in build | test | analyze) (($# == 0)) || die "'$task' takes arguments only where PowerShell 7.6 is" ;; esac
case $task in
    build) build ;;
    test) test_without_pwsh ;;
    demo) demo_without_pwsh "$@" ;;
    bench) bench_without_pwsh "$@" ;;
    analyze) analyze_without_pwsh ;;
    docs | pack) need_powershell ;;
esac
