#requires -Version 7.6
<#
.SYNOPSIS
Holds the help to the cmdlets: docs/en-US/<cmdlet>.md says what the cmdlet says of itself, module/en-US/CtrPS.dll-Help.xml is made
from the pages. Fails with all that is out of step, or writes it with -Update. Called by build.ps1 -Task Docs in a process of its own.
#>
[CmdletBinding()]
param(
    # PlatyPS 1.x and the built module: paths.
    [Parameter(Mandatory)] [string] $PlatyPS,
    [Parameter(Mandatory)] [string] $Module,
    # A folder for what is compared; emptied.
    [Parameter(Mandatory)] [string] $Work,
    [switch] $Update
)

$ErrorActionPreference = 'Stop'
Import-Module $PlatyPS, (Join-Path $Module CtrPS.psd1)

$pages = Join-Path $PSScriptRoot en-US
$helpFile = Join-Path (Split-Path $PSScriptRoot) module en-US CtrPS.dll-Help.xml
$problems = [Collections.Generic.List[string]]::new()

# Text as it is kept: no byte order mark, no date, line feeds only, one at the end.
function Read-Text {
    param([string] $Path)
    ([IO.File]::ReadAllText($Path) -replace '\r\n', "`n" -replace '(?m)^ms\.date:.*\n').TrimEnd() + "`n"
}

function Sync-Text {
    param([string] $Path, [string] $Text)
    $kept = (Test-Path $Path) ? (Read-Text $Path) : ''
    if ($kept -ceq $Text) {
        return
    }
    if ($Update) {
        [IO.File]::WriteAllText($Path, $Text)
        Write-Host "Docs: wrote $Path"
        return
    }
    $problems.Add("$Path is out of step:")
    Compare-Object ($kept -split "`n") ($Text -split "`n") -CaseSensitive | Select-Object -First 8 |
        ForEach-Object { $problems.Add("    $($_.SideIndicator -eq '<=' ? 'has  ' : 'wants') $($_.InputObject)") }
}

# What the cmdlet says of itself, with the prose of its page. (PlatyPS has a cmdlet for it, Update-MarkdownCommandHelp, but that mixes
# the texts of the page, of the built help file and of HelpMessage.) Returns nothing where there is no page to check.
function Sync-Page {
    param([Management.Automation.CmdletInfo] $Command)
    $page = Join-Path $pages "$($Command.Name).md"
    $help = New-CommandHelp -CommandInfo $Command
    $help.Aliases = (Get-Module CtrPS).ExportedAliases.Values.Where({ $_.ReferencedCommand.Name -eq $Command.Name }).Name -join "`n"
    $help.AliasHeaderFound = $true
    foreach ($syntax in $help.Syntax) {
        $syntax.HasCmdletBinding = $true
    }
    if (Test-Path $page) {
        $prose = Import-MarkdownCommandHelp $page
        foreach ($part in 'Synopsis', 'Description', 'Notes') {
            $help.$part = $prose.$part
        }
        foreach ($part in 'Examples', 'RelatedLinks') {
            $help.$part.Clear()
            $help.$part.AddRange($prose.$part)
        }
        foreach ($parameter in $help.Parameters) {
            $known = $prose.Parameters | Where-Object Name -EQ $parameter.Name
            if ($known) {
                $parameter.Description = $known.Description
                $parameter.DefaultValue = $known.DefaultValue
            }
        }
        foreach ($part in 'Inputs', 'Outputs') {
            foreach ($type in $help.$part) {
                $known = $prose.$part | Where-Object Typename -EQ $type.Typename
                $type.Description = $known ? $known.Description : $type.Description
            }
        }
    } elseif (-not $Update) {
        $problems.Add("$($Command.Name): there is no page")
        return
    }
    # A cmdlet without: as PowerShell's own help has it.
    if ($help.Inputs.Count -eq 0) {
        $help.Inputs.Add([Microsoft.PowerShell.PlatyPS.Model.InputOutput]::new('None', 'The cmdlet takes no objects from the pipeline.'))
    }
    if ("$($help.Outputs.Typename)" -in '', 'None', 'System.Object') {
        $help.Outputs.Clear()
        $help.Outputs.Add([Microsoft.PowerShell.PlatyPS.Model.InputOutput]::new('None', 'The cmdlet writes no objects.'))
    }
    $text = Read-Text (Export-MarkdownCommandHelp $help -OutputFolder $Work -Force).FullName
    Sync-Text $page $text
    [regex]::Matches($text, '\{\{ ?(Fill|Insert|Add)\b.*?\}\}') | ForEach-Object { $problems.Add("$($Command.Name).md: not filled in: $_") }
    $help
}

# PlatyPS leaves an example as prose with Markdown fences in it. Get-Help wants the code in dev:code and the prose after it, in dev:remarks;
# what stands in maml:introduction it prints as the prompt before the code.
function Convert-Example {
    param([Xml.XmlElement] $Node, [string] $Markdown, [Xml.XmlNamespaceManager] $Names)
    $code = [regex]::new('(?s)```\w*\r?\n(.*?)\r?\n```').Match($Markdown)
    $Node.SelectSingleNode('maml:introduction', $Names).RemoveAll()
    $Node.SelectSingleNode('dev:code', $Names).InnerText = $code.Groups[1].Value
    $remarks = $Node.SelectSingleNode('dev:remarks', $Names)
    $remarks.RemoveAll()
    $prose = $Markdown.Remove($code.Index, $code.Length) -replace '(?m)^```\w*\r?\n?'
    foreach ($text in $prose -split '(?:\r?\n){2,}' | Where-Object { $_.Trim() }) {
        $paragraph = $Node.OwnerDocument.CreateElement('maml', 'para', $Names.LookupNamespace('maml'))
        $paragraph.InnerText = $text.Trim("`r", "`n")
        $null = $remarks.AppendChild($paragraph)
    }
}

function Sync-HelpFile {
    param([Microsoft.PowerShell.PlatyPS.Model.CommandHelp[]] $Help)
    $maml = [xml]::new()
    $maml.Load(($Help | Export-MamlCommandHelp -OutputFolder $Work -Force).FullName)
    $names = [Xml.XmlNamespaceManager]::new($maml.NameTable)
    foreach ($prefix in 'maml', 'command', 'dev') {
        $names.AddNamespace($prefix, $maml.DocumentElement.GetNamespaceOfPrefix($prefix))
    }
    foreach ($command in $Help) {
        $nodes = $maml.SelectNodes("//command:command[command:details/command:name = '$($command.Title)']//command:example", $names)
        for ($i = 0; $i -lt $nodes.Count; $i++) {
            Convert-Example -Node $nodes[$i] -Markdown $command.Examples[$i].Remarks -Names $names
        }
    }
    # Links to the other pages are names in Get-Help, and an online page there is none.
    foreach ($link in $maml.SelectNodes('//maml:navigationLink', $names)) {
        $uri = $link.SelectSingleNode('maml:uri', $names)
        if ($uri.InnerText -like '*.md') {
            $uri.IsEmpty = $true
        } elseif (-not $uri.InnerText) {
            $null = $link.ParentNode.RemoveChild($link)
        }
    }
    $file = Join-Path $Work CtrPS.dll-Help.xml
    $maml.Save($file)
    Sync-Text $helpFile (Read-Text $file)
}

Remove-Item $Work -Recurse -Force -ErrorAction Ignore
$null = New-Item $Work, $pages, (Split-Path $helpFile) -ItemType Directory -Force
$commands = Get-Command -Module CtrPS -CommandType Cmdlet | Sort-Object Name -Culture ''
Get-ChildItem $pages -Filter *-*.md | Where-Object BaseName -NotIn $commands.Name |
    ForEach-Object { $problems.Add("$($_.Name): the module has no such cmdlet") }
$help = $commands | ForEach-Object { Sync-Page $_ }
if ($help) {
    Sync-HelpFile $help
    if ($Update) {
        $null = New-Item (Join-Path $Module en-US) -ItemType Directory -Force
        Copy-Item $helpFile (Join-Path $Module en-US CtrPS.dll-Help.xml)
    }
}
if ($problems.Count -gt 0) {
    $problems | ForEach-Object { Write-Host "Docs: $_" }
    exit 1
}
Write-Host "Docs: $(@($help).Count) pages and the help file are in step with the module."
