#!/usr/bin/env bash
# The one door to CtrPS on a machine with the .NET SDK 10: gets PowerShell as the tool that .config/dotnet-tools.json names, and has
# build.ps1 do the task in it. A pwsh that happens to be here is not used: the same engine everywhere.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

die() {
    echo "build: $*" >&2
    exit 1
}

case ${1:-} in
    build | test | demo | bench | analyze | docs | pack | install | clean) ;;
    *)
        cat >&2 <<'TEXT'
usage: ./build.sh <task> [arguments of build.ps1, of the demo or of the benchmarks]
  build     the module, in output/CtrPS, and everything else of the solution
  test      all tests; the last line is the total     demo      a private containerd, a real image, the module at work
  analyze   code style, script analysis, manifest     bench     side by side with ctr
  docs      help pages against the cmdlets (-Update)   pack      artifacts/CtrPS.<version>.zip
  install   the module where PowerShell finds it      clean     removes what the other tasks made, but for install
TEXT
        exit 2
        ;;
esac

# .NET, NuGet and PowerShell all write below HOME.
[[ -d ${HOME:-} && -w $HOME ]] || export HOME=$PWD/artifacts/home
tools=$PWD/artifacts/tools
mkdir -p "$HOME" "$tools"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
[[ -t 1 ]] || export NO_COLOR=1

[[ -n $(type -P dotnet) ]] || die "the .NET SDK 10 or newer is needed, and there is no dotnet on the PATH (https://dot.net)"
sdk=$(dotnet --version) || die "the .NET SDK 10 or newer is needed; 'dotnet --version' says the above"
((${sdk%%.*} >= 10)) || die "the .NET SDK 10 or newer is needed; this is $sdk"

# A local tool has no executable of its own: this makes one, so that every child finds this PowerShell as pwsh.
dotnet tool restore >"$tools/restore.log" 2>&1 || die "$1 not done: no PowerShell. 'dotnet tool restore' of .config/dotnet-tools.json:
$(grep -v '^$' "$tools/restore.log")"
# shellcheck disable=SC2016 # $PSHOME is PowerShell's
home=$(dotnet tool run pwsh -- -NoProfile -NonInteractive -Command '$PSHOME') || die "$1 not done: the PowerShell of .config/dotnet-tools.json does not start"
printf '#!/bin/sh\nexec dotnet "%s/pwsh.dll" "$@"\n' "$home" >"$tools/pwsh"
chmod +x "$tools/pwsh"
PATH=$tools:$PATH exec "$tools/pwsh" -NoProfile -NonInteractive -File build.ps1 -Task "$@"
