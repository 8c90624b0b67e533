#requires -Version 7.6
# The help file that ships is made from the pages in docs/en-US by PlatyPS (docs/Sync-Help.ps1). Where PlatyPS is not, this holds the three
# together: what the cmdlets are, what the pages say, what Get-Help shows.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    Import-ModuleUnderTest
    $cmdlets = Get-Command -Module CtrPS -CommandType Cmdlet | ForEach-Object { @{ name = $_.Name } }
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $repository = Split-Path (Split-Path $PSScriptRoot)
    $pages = Join-Path $repository docs en-US
    $maml = [xml](Get-Content (Join-Path $repository module en-US CtrPS.dll-Help.xml) -Raw)
    $prefixes = [Xml.XmlNamespaceManager]::new($maml.NameTable)
    foreach ($prefix in 'maml', 'command', 'dev') {
        $prefixes.AddNamespace($prefix, $maml.DocumentElement.GetNamespaceOfPrefix($prefix))
    }
    $common = [Management.Automation.Cmdlet]::CommonParameters

    # Text as a reader sees it: the pages are wrapped, and may escape what Markdown would take for its own.
    function ConvertTo-Plain([string] $Text) {
        ($Text -replace '\s+', ' ').Trim()
    }

    # The parts of a page by their headings of a level, without the text before the first. A # inside of a code block is no heading.
    function Get-Part([string] $Text, [int] $Level) {
        $parts = [ordered]@{}
        $name = $null
        $isCode = $false
        foreach ($line in $Text -split '\r?\n') {
            if ($line.StartsWith('```')) {
                $isCode = -not $isCode
            }
            if (-not $isCode -and $line -match "^#{$Level} (.+)$") {
                $name = $Matches[1].Trim()
                $parts[$name] = ''
            } elseif ($name) {
                $parts[$name] += $line + "`n"
            }
        }
        $parts
    }

    # The text of all nodes that a path finds below another, in one line.
    function Get-Text([Xml.XmlNode] $Node, [string] $Path) {
        ConvertTo-Plain (@($Node.SelectNodes($Path, $prefixes) | ForEach-Object InnerText) -join ' ')
    }
}

Describe 'The help as a whole' {
    It 'has a page and an entry in the help file for each cmdlet, and for nothing else' {
        $names = Get-Command -Module CtrPS -CommandType Cmdlet | ForEach-Object Name | Sort-Object
        Get-ChildItem $pages -Filter *-*.md | ForEach-Object BaseName | Sort-Object | Should -Be $names
        $maml.SelectNodes('//command:details/command:name', $prefixes) | ForEach-Object InnerText | Sort-Object | Should -Be $names
    }

    It 'ships the help file that lies beside the manifest' {
        $shipped = Join-Path (Split-Path (Get-ManifestPath)) en-US CtrPS.dll-Help.xml
        (Get-FileHash $shipped).Hash | Should -Be (Get-FileHash (Join-Path $repository module en-US CtrPS.dll-Help.xml)).Hash
    }
}

Describe 'The help of <name>' -ForEach $cmdlets {
    BeforeAll {
        $command = Get-Command $name -Module CtrPS
        $page = Get-Part ([IO.File]::ReadAllText((Join-Path $pages "$name.md"))) 2
        $entry = $maml.SelectSingleNode("//command:command[command:details/command:name = '$name']", $prefixes)
        $parameters = $command.Parameters.Values | Where-Object {
            $_.Name -notin $common -and -not @($_.Attributes.Where({ $_ -is [Parameter] -and $_.DontShow }))
        } | Sort-Object Name
        $described = Get-Part $page['PARAMETERS'] 3
    }

    It 'has the synopsis and the description of the page' {
        Get-Text $entry 'command:details/maml:description/maml:para' | Should -BeExactly (ConvertTo-Plain $page['SYNOPSIS'])
        Get-Text $entry 'maml:description/maml:para' | Should -BeExactly (ConvertTo-Plain $page['DESCRIPTION'])
    }

    It 'has all parameters of the cmdlet, and no other' {
        $described.Keys | Where-Object { $_ -ne 'CommonParameters' } | ForEach-Object { $_.TrimStart('-') } | Sort-Object |
            Should -Be $parameters.Name
        $entry.SelectNodes('command:parameters/command:parameter/maml:name', $prefixes) | ForEach-Object InnerText | Sort-Object |
            Should -Be $parameters.Name
    }

    It 'says of each parameter what the page says, with type, aliases, wildcards and position of the cmdlet' {
        foreach ($parameter in $parameters) {
            $text = $described["-$($parameter.Name)"]
            $node = $entry.SelectSingleNode("command:parameters/command:parameter[maml:name = '$($parameter.Name)']", $prefixes)
            $about = "-$($parameter.Name)"
            $type = $parameter.ParameterType.ToString()
            Get-Text $node 'maml:description/maml:para' | Should -BeExactly (ConvertTo-Plain ($text -replace '(?s)```yaml.*')) -Because $about
            $text | Should -Match "(?m)^Type: $([regex]::Escape($type))\r?$" -Because $about

            $aliases = $parameter.Aliases | Sort-Object
            $yaml = [regex]::Match($text, '(?m)^Aliases:(?: \[\])?\r?\n((?:- .*\n)*)').Groups[1].Value
            [regex]::Matches($yaml, '- (.+)') | ForEach-Object { $_.Groups[1].Value.Trim(" '`r") } | Sort-Object | Should -Be $aliases -Because $about
            $node.aliases -split ', ' | Where-Object { $_ -ne 'none' } | Sort-Object | Should -Be $aliases -Because $about

            $wildcards = [bool]$parameter.Attributes.Where({ $_ -is [SupportsWildcards] })
            $text | Should -Match "(?m)^SupportsWildcards: $wildcards" -Because $about
            $node.globbing | Should -Be "$wildcards" -Because $about
        }
    }

    It 'names the parameter sets of the cmdlet, with their parameters' {
        $syntax = Get-Part $page['SYNTAX'] 3
        $syntax.Keys | ForEach-Object { $_ -replace ' \(Default\)$' } | Sort-Object | Should -Be ($command.ParameterSets.Name | Sort-Object)
        $items = $entry.SelectNodes('command:syntax/command:syntaxItem', $prefixes)
        $items.Count | Should -Be $command.ParameterSets.Count
        $wanted = foreach ($set in $command.ParameterSets) {
            ($set.Parameters.Name | Where-Object { $_ -in $parameters.Name } | Sort-Object) -join ' '
            $shown = [regex]::Matches(($syntax[$set.Name] ?? $syntax["$($set.Name) (Default)"]), '(?<![\w-])-(\w+)') |
                ForEach-Object { $_.Groups[1].Value }
            $shown | Sort-Object | Should -Be ($set.Parameters.Name | Where-Object { $_ -in $parameters.Name } | Sort-Object) -Because $set.Name
        }
        $items | ForEach-Object {
            ($_.SelectNodes('command:parameter/maml:name', $prefixes) | ForEach-Object InnerText | Sort-Object) -join ' '
        } | Sort-Object | Should -Be ($wanted | Sort-Object)
    }

    It 'has the examples of the page: titles, code and text' {
        $examples = Get-Part $page['EXAMPLES'] 3
        $nodes = @($entry.SelectNodes('command:examples/command:example', $prefixes))
        $nodes | ForEach-Object { (Get-Text $_ 'maml:title').Trim('-', ' ') } | Should -BeExactly @($examples.Keys)
        for ($i = 0; $i -lt $nodes.Count; $i++) {
            $text = $examples[$i]
            $code = [regex]::Match($text, '(?s)```\w*\r?\n(.*?)\r?\n```')
            $nodes[$i].SelectSingleNode('dev:code', $prefixes).InnerText -replace '\r' | Should -BeExactly ($code.Groups[1].Value -replace '\r')
            $rest = ConvertTo-Plain ($text.Remove($code.Index, $code.Length) -replace '(?m)^```\w*')
            Get-Text $nodes[$i] 'dev:remarks/maml:para' | Should -BeExactly $rest -Because $examples.Keys[$i]
        }
    }

    It 'has the notes, the inputs and the outputs of the page' {
        Get-Text $entry 'maml:alertSet/maml:alert/maml:para' | Should -BeExactly (ConvertTo-Plain $page['NOTES'])
        $paths = @{ INPUTS = 'command:inputTypes/command:inputType'; OUTPUTS = 'command:returnValues/command:returnValue' }
        foreach ($heading in $paths.Keys) {
            $types = Get-Part $page[$heading] 3
            $entry.SelectNodes("$($paths[$heading])/dev:type/maml:name", $prefixes) | ForEach-Object InnerText | Should -BeExactly @($types.Keys)
            $types.Keys | ForEach-Object {
                Get-Text $entry "$($paths[$heading])[dev:type/maml:name = '$_']/maml:description/maml:para" |
                    Should -BeExactly (ConvertTo-Plain $types[$_])
            }
        }
    }

    It 'names the other names of the cmdlet' {
        $aliases = (Get-Module CtrPS).ExportedAliases.Values | Where-Object { $_.ReferencedCommand.Name -eq $name } |
            ForEach-Object Name | Sort-Object
        $page['ALIASES'] -split '\s+' | Where-Object { $_ } | Sort-Object | Should -Be $aliases
    }
}
