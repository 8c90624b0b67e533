# Rules for the scripts of this tree; build.ps1 -Task Analyze fails on any finding.
@{
    ExcludeRules = @(
        'PSAvoidUsingWriteHost' # build and demo scripts talk to people
        'PSUseDeclaredVarsMoreThanAssignments' # blind to Pester, where BeforeAll sets what It reads
        'PSUseBOMForUnicodeEncodedFile' # PowerShell 7 reads UTF-8
    )
    Rules = @{
        PSAvoidLongLines = @{ Enable = $true; MaximumLineLength = 150 }
        PSAvoidSemicolonsAsLineTerminators = @{ Enable = $true }
        PSAvoidUsingPositionalParameters = @{ CommandAllowList = @('Join-Path', 'Invoke-Here') }
        PSAvoidUsingDoubleQuotesForConstantString = @{ Enable = $true }
        PSPlaceOpenBrace = @{ Enable = $true; OnSameLine = $true; NewLineAfter = $true; IgnoreOneLineBlock = $true }
        PSPlaceCloseBrace = @{ Enable = $true; NewLineAfter = $false; IgnoreOneLineBlock = $true; NoEmptyLineBefore = $true }
        PSUseConsistentIndentation = @{ Enable = $true; IndentationSize = 4; PipelineIndentation = 'IncreaseIndentationForFirstPipeline' }
        PSUseConsistentWhitespace = @{ Enable = $true; CheckParameter = $true; IgnoreAssignmentOperatorInsideHashTable = $true }
        PSUseCorrectCasing = @{ Enable = $true }
    }
}
